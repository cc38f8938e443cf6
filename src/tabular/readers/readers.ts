import type { IDatasetReader, LocalContent } from '../../core/contracts/dataset-reader.contract.js';
import { ArrowReader } from './arrow/arrow.reader.js';
import { CsvReader } from './csv/csv.reader.js';
import { ExcelReader } from './excel/excel.reader.js';
import { JsonReader } from './json/json.reader.js';
import { ParquetReader } from './parquet/parquet.reader.js';

/** Every reader; a new one is one line here. The libraries of a format are loaded when it is read. */
export const DATASET_READERS: readonly IDatasetReader[] = [
  new ParquetReader(),
  new ArrowReader(),
  new ExcelReader(),
  new JsonReader(),
  new CsvReader(),
];

/** Below it nothing but a guess speaks for a format. */
const THRESHOLD = 0.3;

/**
 * What begins like a file that is no table, whatever its name says. The zip of a workbook is claimed by
 * its reader with certainty, and so never gets here.
 */
const NO_TABLES: readonly (readonly number[])[] = [
  [0x89, 0x50, 0x4e, 0x47],
  [0xff, 0xd8, 0xff],
  [0x47, 0x49, 0x46, 0x38],
  [0x25, 0x50, 0x44, 0x46, 0x2d],
  [0x50, 0x4b, 0x03, 0x04],
  [0x7f, 0x45, 0x4c, 0x46],
  [0xd0, 0xcf, 0x11, 0xe0],
];

const isNoTable = (head: Uint8Array): boolean =>
  NO_TABLES.some((magic) => magic.every((byte, at) => head[at] === byte));

/**
 * The reader that is surest of a content: by what is in it first, then by what its user says.
 * @param head as `headOf` gives it
 * @returns `null` for what is no table
 */
export function chooseReader(
  head: Uint8Array,
  content: LocalContent,
  readers: readonly IDatasetReader[] = DATASET_READERS,
): IDatasetReader | null {
  let best: IDatasetReader | null = null;
  let score = THRESHOLD;
  for (const reader of readers) {
    const own = reader.recognise(head, content);
    if (own > score) [best, score] = [reader, own];
  }
  return score < 1 && isNoTable(head) ? null : best;
}

/** The reader that described a content. */
export function readerOf(format: string): IDatasetReader {
  const reader = DATASET_READERS.find((one) => one.format === format);
  if (!reader) throw new Error(`No reader is called ${format}.`);
  return reader;
}
