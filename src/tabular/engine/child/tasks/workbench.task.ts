import type { Column } from '../../../../core/contracts/dataset-reader.contract.js';
import type { ExportFormat, ExportOptions } from '../../../export/export-formats.js';
import { quoteIdentifier } from '../../../values/quote.js';
import type { Json } from '../../../values/json-text.js';
import { unusedName } from '../../../values/unused-name.js';
import type { Session } from '../session.js';
import {
  correctDescriptions,
  createView,
  describePart,
  openParts,
  type ReadParts,
  type TablePart,
} from '../tables.js';
import { toTableError } from '../duckdb-errors.js';
import { writeRows, writtenColumn } from '../write-table.js';

/** A table that statements name. */
export interface BenchTable {
  /** A view of the rows, in their order. */
  name: string;
  columns: Column[];
  /** A view that has `fileIndex` and `rowIndex` as well, which cost something for some formats. */
  rowsView: string;
  /** The column with the row's file, by its place among those of the table. */
  fileIndex: string;
  /** The column with the row's place in its file, from 0 on. */
  rowIndex: string;
}

export interface OpenBenchTask {
  tables: { name: string; parts: TablePart[] }[];
}

export interface StatementTask {
  sql: string;
  parameters: readonly unknown[];
}

export interface WriteTask extends StatementTask {
  format: ExportFormat;
  options: ExportOptions;
  /** Of the file, in the session's folder. */
  name: string;
}

/**
 * What came of a statement; or that it has met a value that a table was described wrongly for, and how
 * the tables are to be described instead: all work so far was on the wrong ones.
 */
export type Worked<T> = { output: T } | { corrected: ReadParts };

/** Of a result that the service is to hold. */
const MAX_ROWS = 10_000;

interface Bench {
  parts: TablePart[];
  descriptions: ReadParts['descriptions'];
}

/** Tables of the sessions that have any. */
const benches = new WeakMap<Session, Bench>();

export async function openBench(
  session: Session,
  { tables }: OpenBenchTask,
): Promise<{ tables: BenchTable[] } & ReadParts> {
  const bench: Bench = { parts: [], descriptions: [] };
  const opened: BenchTable[] = [];
  for (const { name, parts } of tables) {
    const descriptions: ReadParts['descriptions'] = [];
    for (const part of parts) descriptions.push(await describePart(session, part));
    bench.parts.push(...parts);
    bench.descriptions.push(...descriptions);
    const table = await openParts(session, parts, descriptions);
    await createView(session, name, table);
    const { columns } = table;
    const [fileIndex, rowIndex] = [unusedName('__file', columns), unusedName('__row', columns)];
    const rowsView = `${name} rows`;
    const names = columns.map((column) => quoteIdentifier(column.name));
    const indexes = [
      `${table.fileIndex} AS ${quoteIdentifier(fileIndex)}`,
      `${table.rowIndex} AS ${quoteIdentifier(rowIndex)}`,
    ];
    await session.database.run(
      `CREATE VIEW ${quoteIdentifier(rowsView)} AS SELECT ${[...indexes, ...names].join(', ')} FROM ${table.sql}`,
    );
    opened.push({ name, columns, rowsView, fileIndex, rowIndex });
  }
  benches.set(session, bench);
  return { tables: opened, descriptions: bench.descriptions, rejected: null };
}

/** Rows of a statement of ours, of few rows. */
export async function benchRows(
  session: Session,
  { sql, parameters }: StatementTask,
): Promise<Worked<Json[][]>> {
  return await onTables(session, async () => {
    const rows = await session.database.json(sql, parameters);
    if (rows.length > MAX_ROWS) throw new Error(`${rows.length} rows are no small result.`);
    return rows;
  });
}

export async function benchRun(
  session: Session,
  { sql, parameters }: StatementTask,
): Promise<Worked<null>> {
  return await onTables(session, async () => {
    await session.database.run(sql, parameters);
    return null;
  });
}

/** Writes the rows of a SELECT to a file of the session. @returns rows */
export async function benchWrite(
  session: Session,
  { sql, parameters, ...written }: WriteTask,
): Promise<Worked<number>> {
  return await onTables(session, async () => {
    const described = (await session.database.all(`DESCRIBE ${sql}`, parameters)) as string[][];
    const columns = described.map(([name, type]) => ({ name, type }) as Column);
    const list = columns.map((column) => writtenColumn(column, written)).join(', ');
    return await writeRows(session, `SELECT ${list} FROM (${sql})`, parameters, written);
  });
}

async function onTables<T>(session: Session, work: () => Promise<T>): Promise<Worked<T>> {
  const { parts, descriptions } = benches.get(session) as Bench;
  try {
    return { output: await work() };
  } catch (error) {
    const isCorrected = await correctDescriptions(session, parts, descriptions, error);
    if (isCorrected) return { corrected: { descriptions, rejected: null } };
    throw isOurFault(error) ? error : toTableError(error, parts);
  }
}

/** A statement that can't be, whatever the tables have in them. */
const isOurFault = (error: unknown): boolean =>
  error instanceof Error && /^(Failed to extract|Parser|Binder|Catalog)/.test(error.message);
