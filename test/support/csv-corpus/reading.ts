import { writeFile } from 'node:fs/promises';
import type { LocalContent } from '../../../src/core/contracts/dataset-reader.contract.js';
import { CsvReader } from '../../../src/tabular/readers/csv/csv.reader.js';
import type { DuckDbForTests } from '../duckdb.js';
import type { Sample } from './corpus.js';

/** A table as it was read: values as DuckDB writes them. */
export interface Table {
  names: string[];
  types: string[];
  rows: (string | null)[][];
  rejected: number[] | null;
}

export const contentOf = async (
  path: string,
  bytes: Uint8Array,
  fileName = 'a.csv',
): Promise<LocalContent> => {
  await writeFile(path, bytes);
  return { path, size: bytes.length, fileType: 'csv', fileName, compressionType: null };
};

const name = (text: string): string => `"${text.replaceAll('"', '""')}"`;

async function read(
  { database }: DuckDbForTests,
  from: string,
  orderBy = '',
): Promise<Omit<Table, 'rejected'>> {
  const described = await database.all(`DESCRIBE SELECT * FROM ${from}`);
  const columns = described.map(([column, type]) => ({
    column: String(column),
    type: String(type),
  }));
  const shown = columns.map(({ column }) => `CAST(${name(column)} AS VARCHAR)`);
  return {
    names: columns.map(({ column }) => column),
    types: columns.map(({ type }) => type),
    rows: (await database.all(`SELECT ${shown.join(', ')} FROM ${from} ${orderBy}`)) as string[][],
  };
}

/** As the engine does it. */
export async function readByUs(
  context: DuckDbForTests,
  content: LocalContent,
  given: Record<string, unknown> = {},
): Promise<Table> {
  const reader = new CsvReader();
  let description = await reader.describe(content, given, context);
  for (;;) {
    const { sql, rowIndex } = await reader.open(content, description, context);
    try {
      const { names, types, rows } = await read(context, sql, `ORDER BY ${rowIndex}`);
      const rejected = await reader.rejected(context);
      return {
        names: names.slice(1),
        types: types.slice(1),
        rows: rows.map((row) => row.slice(1)),
        rejected: rejected.rows.map(({ line }) => line ?? 0),
      };
    } catch (error) {
      const relaxed = await reader.relax(content, description, error, context);
      if (!relaxed) throw error;
      description = relaxed;
    }
  }
}

export async function readByDuckDb(
  context: DuckDbForTests,
  path: string,
  isLenient: boolean,
): Promise<Table> {
  const lenient =
    ', ignore_errors = true, null_padding = true, strict_mode = false, all_varchar = true, parallel = false';
  const table = await read(context, `read_csv('${path}'${isLenient ? lenient : ''})`);
  return { ...table, rejected: null };
}

const NUMBER = /^(?:TINYINT|SMALLINT|INTEGER|BIGINT|HUGEINT|DOUBLE|DECIMAL.*)$/;

/** Whether a value is the cell, as its type allows to write it. */
function isCell(value: string | null, cell: string, type: string): boolean {
  if (value === null || cell === '') return (value ?? '') === cell;
  if (value === cell) return true;
  if (NUMBER.test(type)) {
    if (/^-?0\d/.test(cell)) return false;
    if (/^[+-]?\d+$/.test(cell))
      return Number.isSafeInteger(Number(cell)) && Number(value) === Number(cell);
    const number = /^-?\d*,\d+$/.test(cell) ? cell.replace(',', '.') : cell;
    return Number(value) === Number(number);
  }
  if (type === 'DATE') return cell.split('.').toReversed().join('-') === value;
  return type === 'TIMESTAMP' && cell.replace('T', ' ') === value;
}

/** What is wrong with the table; `null`: it is the truth. */
export function faultOf(table: Table, truth: Sample): string | null {
  const { names, rows, types } = table;
  const width = truth.names?.length ?? truth.rows[0]!.length;
  if (names.length !== width) return `${names.length} columns, not ${width}`;
  const wrong = truth.names?.find((wanted, at) => wanted !== names[at]);
  if (wrong !== undefined) return `no column ${wrong} in its place: ${names.join(', ')}`;
  if (rows.length !== truth.rows.length) return `${rows.length} rows, not ${truth.rows.length}`;
  for (const [at, row] of truth.rows.entries()) {
    const column = row.findIndex((cell, place) => !isCell(rows[at]![place]!, cell, types[place]!));
    if (column >= 0) {
      return `row ${at}, column ${column}: ${JSON.stringify(rows[at]![column])} (${types[column]}), not ${JSON.stringify(row[column])}`;
    }
  }
  if (table.rejected && table.rejected.join() !== truth.rejected.join()) {
    return `rejected lines ${table.rejected.join()}, not ${truth.rejected.join()}`;
  }
  return null;
}
