import type { FileMetaData, SchemaElement } from 'hyparquet';
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
import { unusedName } from '../../values/unused-name.js';
import { linesRelation } from '../shared/numbered-lines.js';
import { parseOptions } from '../shared/read-options.js';
import { quoteIdentifier, quoteLiteral } from '../../values/quote.js';
import { unpackedContent } from '../shared/unpacked.js';
import { writtenOnce, type WrittenLines } from '../shared/written-once.js';
import { chunksOf, readFooter } from './parquet-footer.js';
import { needsSecondReader, writeByHyparquet } from './second-reader.js';

const givenOptions = z.strictObject({});
const foundOptions = z.object({ readBy: z.enum(['duckdb', 'hyparquet']) });

/** The name of DuckDB's own column of row numbers. */
const ROW_NUMBER = 'file_row_number';

/** What DuckDB says of valid files that it has no code for. */
const NOT_SUPPORTED = /not (?:yet )?(?:supported|implemented)|unsupported|only supported/i;

const oneLine = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error)).split('\n', 1)[0] ?? '';

/**
 * Parquet, by DuckDB; files with encodings that it lacks are turned into lines by hyparquet. The footer is
 * checked before DuckDB sees it.
 */
export class ParquetReader implements IDatasetReader {
  readonly format = 'parquet';

  recognise(head: Uint8Array): number {
    return Buffer.from(head.subarray(0, 4)).toString('latin1') === 'PAR1' ? 1 : 0;
  }

  async describe(
    given: LocalContent,
    options: Readonly<Record<string, unknown>>,
    { database, folder }: ReaderContext,
  ): Promise<TableDescription> {
    parseOptions(givenOptions, options);
    const content = await unpackedContent(given, folder);
    const footer = await readFooter(content);
    const table = `read_parquet(${quoteLiteral(content.path)})`;
    let rows: unknown[][];
    try {
      rows = await database.all(`DESCRIBE SELECT * FROM ${table}`);
    } catch (cause) {
      throw new UnreadableTableError(`The schema can not be read: ${oneLine(cause)}`, {}, cause);
    }
    const columns = rows.map(([name, type]): Column => ({
      name: String(name),
      type: String(type),
    }));
    const chunks = chunksOf(footer);
    return {
      format: this.format,
      columns,
      rowCount: Number(footer.num_rows),
      options: {
        readBy: needsSecondReader(footer) ? 'hyparquet' : 'duckdb',
        rowGroups: footer.row_groups.length,
        compression: [...new Set(chunks.map(({ codec }) => codec))],
        encodings: [...new Set(chunks.flatMap(({ encodings }) => encodings))],
        ...(footer.created_by !== undefined && { createdBy: footer.created_by.slice(0, 200) }),
      },
      warnings: warningsOf(footer),
    };
  }

  async open(
    given: LocalContent,
    description: TableDescription,
    { folder }: ReaderContext,
  ): Promise<Relation> {
    const content = await unpackedContent(given, folder);
    const { columns } = description;
    if (foundOptions.parse(description.options).readBy === 'hyparquet') {
      const lines = await byHyparquet(content, columns, folder);
      return linesRelation(lines.path, lines.longestRow, columns);
    }
    const path = quoteLiteral(content.path);
    if (!columns.some(({ name }) => name.toLowerCase() === ROW_NUMBER)) {
      return { sql: `read_parquet(${path}, file_row_number = true)`, rowIndex: ROW_NUMBER };
    }
    const rowIndex = quoteIdentifier(unusedName('row_index', columns));
    const list = columns.map(({ name }) => quoteIdentifier(name)).join(', ');
    return {
      sql: `(SELECT row_number() OVER () - 1 AS ${rowIndex}, ${list} FROM read_parquet(${path}))`,
      rowIndex,
    };
  }

  async relax(
    given: LocalContent,
    description: TableDescription,
    error: unknown,
    { folder }: ReaderContext,
  ): Promise<TableDescription | null> {
    const { readBy } = foundOptions.parse(description.options);
    if (readBy === 'hyparquet' || !NOT_SUPPORTED.test(oneLine(error))) return null;
    const content = await unpackedContent(given, folder);
    await byHyparquet(content, description.columns, folder);
    return { ...description, options: { ...description.options, readBy: 'hyparquet' } };
  }
}

const byHyparquet = (
  content: LocalContent,
  columns: readonly Column[],
  folder: string,
): Promise<WrittenLines> =>
  writtenOnce(folder, content, 'parquet', async (path) =>
    writeByHyparquet(content, await readFooter(content), columns, path),
  );

/** What of the values can't be had in the types that DuckDB has. */
function warningsOf({ schema }: FileMetaData): string[] {
  const named = (elements: SchemaElement[]): string =>
    elements
      .slice(0, 5)
      .map(({ name }) => name)
      .join(', ');
  const wide = schema.filter(({ precision = 0 }) => precision > 38);
  const old = schema.filter(({ type }) => type === 'INT96');
  return [
    ...(wide.length > 0
      ? [`Decimals of more than 38 digits are read as doubles: ${named(wide)}.`]
      : []),
    ...(old.length > 0 ? [`INT96 timestamps are read to the microsecond: ${named(old)}.`] : []),
  ];
}
