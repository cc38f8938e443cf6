import type {
  Column,
  IDatasetReader,
  LocalContent,
  RejectedRows,
  Relation,
  TableDescription,
} from '../../../core/contracts/dataset-reader.contract.js';
import { AppError } from '../../../core/errors/index.js';
import { chooseReader, readerOf as publicReaderOf } from '../../readers/readers.js';
import { headOf } from '../../readers/shared/unpacked.js';
import { NotTabularError } from '../../tabular.errors.js';
import { quoteIdentifier, quoteLiteral } from '../../values/quote.js';
import { unusedName } from '../../values/unused-name.js';
import { toTableError } from './duckdb-errors.js';
import { stagedReader } from './staged-table.js';
import type { Session } from './session.js';

/** One content of a table, by its place in the session, and how it is read. */
export interface TablePart {
  content: number;
  /** Path in the version, for messages and for tables of several files. */
  path: string;
  /** What users said of how it is read. */
  given: Record<string, unknown>;
  /** As an earlier session found it; `null`: to be found. */
  description: TableDescription | null;
}

/** What a session knows of its table's parts when it has read them; in the order of the parts. */
export interface ReadParts {
  descriptions: TableDescription[];
  /** After a whole scan; else, or where nothing is ever rejected, `null`. */
  rejected: RejectedRows[] | null;
}

export interface OpenTable {
  columns: Column[];
  /** Stands after FROM. */
  sql: string;
  /** The same without places of rows, which cost something. DuckDB keeps the order all the same. */
  unnumbered: string;
  /** Expressions that give a row's file (its place among the parts) and its place there. */
  fileIndex: string;
  rowIndex: string;
}

/** How often what was found of a content is corrected by what a scan runs into. */
const MAX_CORRECTIONS = 50;

/** Finds out how a content is read. @throws NotTabularError, UnreadableTableError, InvalidReadOptionsError */
export async function describePart(session: Session, part: TablePart): Promise<TableDescription> {
  if (part.description) return part.description;
  const content = session.contents[part.content] as LocalContent;
  const reader = chooseReader(await headOf(content), content);
  if (!reader) throw new NotTabularError(part.path);
  return await reader.describe(content, part.given, session);
}

/**
 * Opens the table and does work on it; when that runs into a value that the description was wrong about,
 * corrects the description and does it again, from the start.
 * @param isWhole whether the work scans all rows, so that rejected ones are known
 */
export async function withTable<T>(
  session: Session,
  parts: readonly TablePart[],
  isWhole: boolean,
  work: (table: OpenTable) => Promise<T>,
): Promise<{ result: T } & ReadParts> {
  const descriptions: TableDescription[] = [];
  for (const part of parts) descriptions.push(await describePart(session, part));
  for (let corrections = 0; ; corrections += 1) {
    try {
      const result = await work(await openParts(session, parts, descriptions));
      const rejected = isWhole ? await rejectedOf(session, descriptions) : null;
      return { result, descriptions, rejected };
    } catch (error) {
      const mayCorrect = corrections < MAX_CORRECTIONS;
      if (!mayCorrect || !(await correctDescriptions(session, parts, descriptions, error)))
        throw toTableError(error, parts);
    }
  }
}

const readerOf = (format: string): IDatasetReader =>
  format === stagedReader.format ? stagedReader : publicReaderOf(format);

/**
 * Asks the readers whether a failure tells that one of the descriptions is wrong, and puts the right one
 * in its place. @returns whether it did: the tables are to be opened anew then
 */
export async function correctDescriptions(
  session: Session,
  parts: readonly TablePart[],
  descriptions: TableDescription[],
  error: unknown,
): Promise<boolean> {
  if (error instanceof AppError) return false;
  for (const [place, description] of descriptions.entries()) {
    const content = session.contents[parts[place]?.content ?? 0] as LocalContent;
    const reader = readerOf(description.format);
    const relaxed = await reader.relax?.(content, description, error, session);
    if (!relaxed) continue;
    descriptions[place] = relaxed;
    return true;
  }
  return false;
}

/** One table of all parts. */
export async function openParts(
  session: Session,
  parts: readonly TablePart[],
  descriptions: readonly TableDescription[],
): Promise<OpenTable> {
  const relations: Relation[] = [];
  for (const [place, part] of parts.entries()) {
    const description = descriptions[place] as TableDescription;
    const content = session.contents[part.content] as LocalContent;
    relations.push(await readerOf(description.format).open(content, description, session));
  }
  const [only] = relations;
  if (only && relations.length === 1) {
    const [{ columns }] = descriptions as [TableDescription];
    const { sql, rowIndex, unnumbered = sql } = only;
    return { columns, sql, unnumbered, fileIndex: '0', rowIndex };
  }
  return await union(session, relations, descriptions);
}

/** Formats of which single columns can be read, so that a second scan costs little. */
const COLUMNAR = new Set(['arrow', 'parquet', 'staged']);

export const isColumnar = (description: TableDescription | null): boolean =>
  COLUMNAR.has(description?.format ?? '');

/** One table of several contents, by the names of their columns; of two types the one that holds both. */
async function union(
  session: Session,
  relations: readonly Relation[],
  descriptions: readonly TableDescription[],
): Promise<OpenTable> {
  const all = descriptions.flatMap(({ columns }) => columns);
  const [file, row] = ['__file', '__row'].map((name) => unusedName(name, all)) as [string, string];
  const namesOf = (place: number): string[] =>
    (descriptions[place] as TableDescription).columns.map(({ name }) => quoteIdentifier(name));
  const numbered = relations.map(({ sql, rowIndex }, place) => {
    const index = [
      `${place} AS ${quoteIdentifier(file)}`,
      `${rowIndex} AS ${quoteIdentifier(row)}`,
    ];
    return `SELECT ${[...index, ...namesOf(place)].join(', ')} FROM ${sql}`;
  });
  const plain = relations.map(
    ({ sql, unnumbered = sql }, place) => `SELECT ${namesOf(place).join(', ')} FROM ${unnumbered}`,
  );
  const sql = `(${numbered.join(' UNION ALL BY NAME ')})`;
  const unnumbered = `(${plain.join(' UNION ALL BY NAME ')})`;
  const described = (await session.database.all(`DESCRIBE SELECT * FROM ${sql}`)) as string[][];
  const columns = described
    .map(([name, type]) => ({ name, type }) as Column)
    .filter(({ name }) => name !== file && name !== row);
  const [fileIndex, rowIndex] = [quoteIdentifier(file), quoteIdentifier(row)];
  return { columns, sql, unnumbered, fileIndex, rowIndex };
}

async function rejectedOf(
  session: Session,
  descriptions: readonly TableDescription[],
): Promise<RejectedRows[]> {
  const nothing: RejectedRows = { count: 0, rows: [] };
  const readers = descriptions.map(({ format }): IDatasetReader => readerOf(format));
  return await Promise.all(
    readers.map(async (reader) => (await reader.rejected?.(session)) ?? nothing),
  );
}

/** A view of the table, so that statements can name it. */
export async function createView(session: Session, name: string, table: OpenTable): Promise<void> {
  const columns = table.columns.map((column) => quoteIdentifier(column.name)).join(', ');
  await session.database.run(
    `CREATE OR REPLACE VIEW ${quoteIdentifier(name)} AS SELECT ${columns || quoteLiteral('')} FROM ${table.unnumbered}`,
  );
}
