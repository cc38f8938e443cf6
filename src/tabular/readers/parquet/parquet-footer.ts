import type { ColumnMetaData, FileMetaData } from 'hyparquet';
import type { LocalContent } from '../../../core/contracts/dataset-reader.contract.js';
import { UnreadableTableError } from '../../tabular.errors.js';
import { MAX_COLUMNS } from '../shared/column-names.js';
import { bytesAt } from '../shared/unpacked.js';

const MAGIC = 'PAR1';
const ENCRYPTED = 'PARE';
const TAIL = 8;
const MIB = 1024 * 1024;
const MAX_FOOTER = 16 * MIB;
/** Levels of the schema: DuckDB builds its readers by recursion. */
const MAX_SCHEMA_DEPTH = 100;
/**
 * Rows for each byte of the file. A run of one value takes some bytes for up to millions of rows, but the
 * headers of its page, column and row group take more than a hundred.
 */
const MAX_ROWS_PER_BYTE = 100_000;

const refuse = (detail: string, cause?: unknown): never => {
  throw new UnreadableTableError(detail, {}, cause);
};

/**
 * The footer, parsed where a lie of it can only end in an error: DuckDB trusts what it says.
 * @throws UnreadableTableError for what is cut off, too large, or can't be true
 */
export async function readFooter(content: LocalContent): Promise<FileMetaData> {
  const tail = await bytesAt(content.path, Math.max(0, content.size - TAIL), TAIL);
  const magic = tail.toString('latin1', 4);
  if (magic === ENCRYPTED) refuse('The file is encrypted.');
  if (magic !== MAGIC || content.size < TAIL + 4) {
    refuse(
      `The file does not end as Parquet does: it is cut off, or damaged at byte ${content.size - 4}.`,
    );
  }
  const length = tail.readUInt32LE(0);
  if (length > MAX_FOOTER)
    refuse(`The footer has ${length} bytes; at most ${MAX_FOOTER} are read.`);
  if (length > content.size - TAIL - 4) refuse('The footer is said to be larger than the file.');
  const bytes = await bytesAt(content.path, content.size - TAIL - length, length + TAIL);
  const { parquetMetadata } = await import('hyparquet');
  let metadata: FileMetaData;
  try {
    const { buffer, byteOffset, byteLength } = bytes;
    metadata = parquetMetadata(buffer.slice(byteOffset, byteOffset + byteLength) as ArrayBuffer, {
      geoparquet: false,
    });
    checkSchema(metadata);
    checkGroups(metadata, content.size);
  } catch (cause) {
    if (cause instanceof UnreadableTableError) throw cause;
    return refuse(`The footer is damaged: ${(cause as Error).message}.`, cause);
  }
  return metadata;
}

/** All column chunks, row group by row group. */
export const chunksOf = (metadata: FileMetaData): ColumnMetaData[] =>
  metadata.row_groups.flatMap(({ columns }) =>
    columns.flatMap(({ meta_data }) => (meta_data ? [meta_data] : [])),
  );

function checkSchema({ schema }: FileMetaData): void {
  const leaves = schema.filter(({ num_children }) => !num_children).length;
  if (leaves > MAX_COLUMNS) refuse(`There are ${leaves} columns; at most ${MAX_COLUMNS} are read.`);
  /** Children that are still to come, by level. */
  const open: number[] = [];
  schema.forEach(({ name, num_children = 0 }, at) => {
    if (at > 0 && open.length === 0)
      refuse(`The schema has more parts than it says, from ${name} on.`);
    if (num_children < 0 || num_children > schema.length)
      refuse(`The schema of ${name} can not be true.`);
    const level = open.length - 1;
    if (level >= 0) open[level] = (open[level] ?? 0) - 1;
    if (num_children > 0) open.push(num_children);
    if (open.length > MAX_SCHEMA_DEPTH)
      refuse(`The schema has more than ${MAX_SCHEMA_DEPTH} levels.`);
    while (open.at(-1) === 0) open.pop();
  });
  if (open.length > 0) refuse('The schema ends too early.');
}

function checkGroups(metadata: FileMetaData, size: number): void {
  const leaves = metadata.schema.filter(({ num_children }) => !num_children).length;
  let rows = 0n;
  metadata.row_groups.forEach((group, at) => {
    if (group.num_rows < 0n) refuse(`Row group ${at} is said to have ${group.num_rows} rows.`);
    rows += group.num_rows;
    const isRoot = metadata.schema.length === 1;
    if (group.columns.length !== (isRoot ? 0 : leaves)) {
      refuse(`Row group ${at} has ${group.columns.length} columns, the schema has ${leaves}.`);
    }
    for (const { file_path, meta_data } of group.columns) {
      if (file_path) refuse(`Row group ${at} lies in another file.`);
      if (!meta_data) refuse(`Row group ${at} is encrypted.`);
      else checkChunk(meta_data, at, size);
    }
  });
  if (rows !== metadata.num_rows) {
    refuse(`The file is said to have ${metadata.num_rows} rows, its row groups have ${rows}.`);
  }
  if (rows > BigInt(size) * BigInt(MAX_ROWS_PER_BYTE)) {
    refuse(`${size} bytes can not hold the ${rows} rows that the footer tells of.`);
  }
}

function checkChunk(chunk: ColumnMetaData, group: number, size: number): void {
  const name = chunk.path_in_schema.join('.');
  const start = chunk.dictionary_page_offset ?? chunk.data_page_offset;
  const end = start + chunk.total_compressed_size;
  const first = start < chunk.data_page_offset ? start : chunk.data_page_offset;
  if (first < 0n || chunk.total_compressed_size < 0n || end > BigInt(size)) {
    refuse(
      `Column ${name} of row group ${group} is said to lie at bytes ${start} to ${end} of ${size}.`,
    );
  }
  if (chunk.num_values < 0n || chunk.total_uncompressed_size < 0n) {
    refuse(`Column ${name} of row group ${group} is said to have fewer than no values.`);
  }
}
