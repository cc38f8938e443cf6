import { open, type FileHandle } from 'node:fs/promises';
import type { Data, RecordBatch, Schema } from 'apache-arrow';
import { z } from 'zod';
import type {
  Column,
  IDatasetReader,
  LocalContent,
  ReaderContext,
  Relation,
  TableDescription,
} from '../../../core/contracts/dataset-reader.contract.js';
import { UnreadableTableError } from '../../tabular.errors.js';
import { MAX_COLUMNS, renamingWarning, uniqueNames } from '../shared/column-names.js';
import { LinesFile, linesRelation } from '../shared/numbered-lines.js';
import { parseOptions } from '../shared/read-options.js';
import { bytesAt, unpackedContent } from '../shared/unpacked.js';
import { writtenOnce } from '../shared/written-once.js';

const givenOptions = z.strictObject({});
const MIB = 1024 * 1024;
/** Bytes of what describes a schema or a batch. */
const MAX_METADATA = 16 * MIB;
/** Rows for each byte of the file: what has no values takes no bytes. */
const MAX_ROWS_PER_BYTE = 100_000;

type Kind = 'file' | 'stream' | 'feather-1';

/** By magic bytes; a stream begins with a mark and the length of its schema. */
function kindOf(head: Uint8Array): Kind | null {
  const bytes = Buffer.from(head.buffer, head.byteOffset, head.byteLength);
  if (bytes.toString('latin1', 0, 6) === 'ARROW1') return 'file';
  if (bytes.toString('latin1', 0, 4) === 'FEA1') return 'feather-1';
  const isStream = bytes.length >= 8 && bytes.readUInt32LE(0) === 0xffffffff;
  const length = isStream ? bytes.readInt32LE(4) : 0;
  return length > 0 && length <= MAX_METADATA ? 'stream' : null;
}

/** Arrow IPC, as file (Feather 2) and as stream: batch by batch it becomes lines that DuckDB reads. */
export class ArrowReader implements IDatasetReader {
  readonly format = 'arrow';

  recognise(head: Uint8Array): number {
    const kind = kindOf(head);
    if (kind === 'stream') return 0.95;
    return kind ? 1 : 0;
  }

  async describe(
    given: LocalContent,
    options: Readonly<Record<string, unknown>>,
    { folder }: ReaderContext,
  ): Promise<TableDescription> {
    parseOptions(givenOptions, options);
    const content = await unpackedContent(given, folder);
    const { duckDbType } = await import('./arrow-types.js');
    const kind = await checkedKind(content);
    return read(content, async (schema) => {
      const keys = schema.fields.map(({ name }) => name);
      if (keys.length > MAX_COLUMNS) {
        throw new UnreadableTableError(
          `There are ${keys.length} columns; at most ${MAX_COLUMNS} are read.`,
        );
      }
      const names = uniqueNames(keys);
      const columns = schema.fields.map(({ type }, at): Column => ({
        name: names[at] ?? '',
        type: duckDbType(type),
      }));
      const nanoseconds = schema.fields.filter(
        ({ type }) => String(type) === 'Duration<NANOSECOND>',
      );
      return {
        format: this.format,
        columns,
        rowCount: null,
        options: { kind },
        warnings: [
          ...renamingWarning(keys, names),
          ...nanoseconds.map(({ name }) => `${name} is a duration, as a count of nanoseconds.`),
        ],
      };
    });
  }

  async open(
    given: LocalContent,
    { columns }: TableDescription,
    { folder }: ReaderContext,
  ): Promise<Relation> {
    if (columns.length === 0) {
      return { sql: '(SELECT 0::BIGINT AS row_index WHERE false)', rowIndex: 'row_index' };
    }
    const lines = await writtenOnce(folder, given, 'arrow', async (path) => {
      const content = await unpackedContent(given, folder);
      return read(content, (_, batches) => writeBatches(batches, content.size, path));
    });
    return linesRelation(lines.path, lines.longestRow, columns);
  }
}

async function checkedKind(content: LocalContent): Promise<Kind> {
  const kind = kindOf(await bytesAt(content.path, 0, 8));
  if (!kind) throw new UnreadableTableError('The file does not begin as Arrow does.');
  if (kind === 'feather-1') {
    throw new UnreadableTableError(
      'The file is Feather of version 1, which is not read; version 2 is.',
    );
  }
  if (kind === 'file') await checkFooter(content);
  return kind;
}

/** The library takes the length at the end for true. */
async function checkFooter({ path, size }: LocalContent): Promise<void> {
  const tail = await bytesAt(path, Math.max(0, size - 10), 10);
  const length = tail.length === 10 ? tail.readInt32LE(0) : 0;
  const whole = tail.toString('latin1', 4) === 'ARROW1' && length > 0 && length <= size - 18;
  if (!whole || length > MAX_METADATA) {
    throw new UnreadableTableError(
      'The file does not end as Arrow does: it is cut off or damaged.',
    );
  }
  const { checkFooterLists } = await import('./arrow-footer.js');
  try {
    checkFooterLists(await bytesAt(path, size - 10 - length, length));
  } catch (cause) {
    const detail = `The footer is damaged: ${(cause as Error).message}.`;
    throw new UnreadableTableError(detail, {}, cause);
  }
}

/**
 * The library asks for ever for bytes behind the end of a file, and for as many batches as a footer tells
 * of. A batch that is there takes more bytes than readings.
 */
function endingFile(file: FileHandle, size: number): FileHandle {
  let readings = 0;
  const read = async (buffer: Uint8Array, offset: number, length: number, position: number) => {
    const result = await file.read(buffer, offset, length, position);
    if (result.bytesRead < length) throw new RangeError('it ends too early');
    if (++readings > size) throw new RangeError('it has fewer batches than it tells of');
    return result;
  };
  return {
    fd: file.fd,
    stat: () => file.stat(),
    close: () => file.close(),
    read,
  } as unknown as FileHandle;
}

/** @throws UnreadableTableError for whatever the library stumbles over */
async function read<T>(
  content: LocalContent,
  use: (schema: Schema, batches: AsyncIterable<RecordBatch>) => Promise<T>,
): Promise<T> {
  const { RecordBatchReader } = await import('apache-arrow');
  const { registerCodecs } = await import('./arrow-codecs.js');
  registerCodecs();
  const file = await open(content.path, 'r');
  try {
    const isStream = (await checkedKind(content)) === 'stream';
    const reader = isStream
      ? await RecordBatchReader.from(file.createReadStream({ autoClose: false }))
      : await RecordBatchReader.from(endingFile(file, content.size));
    await reader.open();
    if (!reader.schema) throw new RangeError('it has no schema');
    return await use(reader.schema, reader as AsyncIterable<RecordBatch>);
  } catch (cause) {
    if (cause instanceof UnreadableTableError) throw cause;
    throw new UnreadableTableError(`The file is damaged: ${(cause as Error).message}.`, {}, cause);
  } finally {
    await file.close().catch(() => undefined);
  }
}

async function writeBatches(
  batches: AsyncIterable<RecordBatch>,
  size: number,
  path: string,
): Promise<number> {
  const { valuesOf } = await import('./arrow-values.js');
  const lines = await LinesFile.create(path);
  let place = 0;
  try {
    for await (const batch of batches) {
      // Of a file without rows the library makes one batch, whose columns are not whole.
      if (batch.numRows === 0) continue;
      if (lines.rows + batch.numRows > size * MAX_ROWS_PER_BYTE) {
        throw new UnreadableTableError(
          `${size} bytes can not hold the ${lines.rows + batch.numRows} rows that batch ${place} tells of.`,
        );
      }
      const values = batch.data.children.map((child) => valuesOf(child as Data));
      for (let row = 0; row < batch.numRows; row++) {
        lines.add(values.map((value) => value(row)));
        if (lines.full) await lines.flush();
      }
      place++;
    }
  } catch (cause) {
    if (cause instanceof UnreadableTableError) throw cause;
    const detail = `Batch ${place} is damaged at row ${lines.rows}: ${(cause as Error).message}.`;
    throw new UnreadableTableError(detail, {}, cause);
  } finally {
    await lines.close();
  }
  return lines.longestRow;
}
