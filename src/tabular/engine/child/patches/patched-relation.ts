import type {
  Column,
  LocalContent,
  Relation,
  TableDescription,
} from '../../../../core/contracts/dataset-reader.contract.js';
import { quoteIdentifier, quoteLiteral } from '../../../values/quote.js';
import type { Session } from '../session.js';
import { KEPT_AS_TEXT, placeColumn } from '../staged-table.js';
import { fieldOf, foldSql } from './patch-file.js';

/** What lies over the rows of a part, by places in the session's contents. */
export interface PartPatches {
  /** Columns. */
  key: string[];
  /** The patches, oldest first; empty where `placed` is known. */
  chain: number[];
  /** What they come to, by the places of rows in the content, as `placesOf` has it. */
  placed: number | null;
}

/** What a table knows of itself when patches lie over it. */
export interface PatchedTable {
  relation: Relation;
  rowCount: number;
  /** Places of rows of the content, or of earlier patches, where there is no row any more. */
  hidden: number;
}

/** Of a schema of its own, so that no table of a user's has its name. */
const SCHEMA = 'patches';

/** Places that were found in this session. */
const FOUND = 'places';

const nameOf = (content: number, what: string): string =>
  `${SCHEMA}.${quoteIdentifier(`${what}${content}`)}`;

/**
 * A content with patches over it, as one relation. A row's index is its place in the content, so that it
 * stays what it is whatever is deleted before it; new rows follow the last of the content's. They come in no
 * certain order: joins keep none.
 */
export async function patchedRelation(
  session: Session,
  part: { content: number; description: TableDescription | null; patches: PartPatches },
  description: TableDescription,
  base: Relation,
): Promise<PatchedTable> {
  const { columns } = description;
  const { content, patches } = part;
  await session.database.run(`CREATE SCHEMA IF NOT EXISTS ${SCHEMA}`);
  // Places are those of the description that they were found with.
  const isKnown = patches.placed !== null && description === part.description;
  const { path } = isKnown ? (session.contents[patches.placed as number] as LocalContent) : {};
  // Not of one name: a table can't take the place of a view.
  const places = nameOf(content, path === undefined ? FOUND : 'kept');
  await session.database.run(
    path === undefined
      ? `CREATE OR REPLACE TABLE ${places} AS ${await placesSql(session, patches, description, base)}`
      : `CREATE OR REPLACE VIEW ${places} AS FROM read_parquet(${quoteLiteral(path)})`,
  );
  const [[added, gone, known]] = (await session.database.all(
    `SELECT count(*) FILTER (kind = 'insert'), count(*) FILTER (kind = 'delete'), max(base_rows)
     FROM ${places}`,
  )) as [[bigint, bigint, bigint | null]];
  const rows = Number(known ?? (await rowsOf(session, description, base)));
  const row = quoteIdentifier(placeColumn(columns));
  return {
    relation: { sql: mergedSql(columns, { ...base, places, row }), rowIndex: row },
    rowCount: rows + Number(added) - Number(gone),
    hidden: Number(gone),
  };
}

/** Also of text, of which only a scan tells. */
async function rowsOf(
  session: Session,
  { rowCount }: TableDescription,
  { sql, unnumbered = sql }: Relation,
): Promise<number> {
  if (rowCount !== null) return rowCount;
  const [[count]] = (await session.database.all(`SELECT count(*) FROM ${unnumbered}`)) as [
    [bigint],
  ];
  return Number(count);
}

/**
 * SELECT of what patches come to, by places of rows: `kind` is `update` or `delete` of the row at `place` of
 * the content, or `insert`, whose places follow the content's last. `k0`, … is the key of a row of the
 * content, `c0`, … a row as it becomes; `base_rows` how many rows the content has. In the order of places.
 */
async function placesSql(
  session: Session,
  patches: PartPatches,
  description: TableDescription,
  base: Relation,
): Promise<string> {
  const { columns } = description;
  const keys = patches.key.map((name) => columns.find((column) => column.name === name) as Column);
  const rows = await rowsOf(session, description, base);
  const unplaced =
    patches.placed === null
      ? folded(session, patches, columns, keys)
      : again(session, patches, columns, keys);
  const fields = columns.map((_, place) => `u.c${place}`);
  const keyFields = keys.map((_, place) => `u.k${place}`);
  const found = keys.map(({ name }, place) => `b.${quoteIdentifier(name)} = u.k${place}`);
  const list = [...keyFields, ...fields, `${rows}::BIGINT AS base_rows`].join(', ');
  const names = keys.map(({ name }) => quoteIdentifier(name));
  const numbered = `SELECT ${[`${base.rowIndex} AS __place`, ...names].join(', ')} FROM ${base.sql}`;
  return `
    WITH u AS MATERIALIZED (${unplaced})
    SELECT * FROM (
      SELECT u.kind, b.__place AS place, ${list} FROM u JOIN (${numbered}) b ON ${found.join(' AND ')}
      WHERE u.kind <> 'insert'
      UNION ALL
      SELECT u.kind, ${rows} + row_number() OVER (ORDER BY u.seq) - 1, ${list} FROM u
      WHERE u.kind = 'insert')
    ORDER BY place`;
}

/** From the patches. What is replaced goes at its place and comes at the end. */
function folded(
  { contents }: Session,
  { chain, key }: PartPatches,
  columns: readonly Column[],
  keys: readonly Column[],
): string {
  const paths = chain.map((place) => (contents[place] as LocalContent).path);
  const fields = [
    ...keys.map((column, place) => `${fieldOf('old', column)} AS k${place}`),
    ...columns.map((column, place) => `${fieldOf('new', column)} AS c${place}`),
  ].join(', ');
  return `
    WITH f AS MATERIALIZED (${foldSql(paths, key)})
    SELECT CASE op WHEN 'replace' THEN 'delete' ELSE op END AS kind, placed AS seq, ${fields} FROM f
    UNION ALL
    SELECT 'insert', placed, ${fields} FROM f WHERE op = 'replace'`;
}

/** From what was placed by another description. */
const again = (
  { contents }: Session,
  { placed }: PartPatches,
  columns: readonly Column[],
  keys: readonly Column[],
): string => {
  const fields = [
    ...keys.map(({ type }, place) => `CAST(k${place} AS ${type}) AS k${place}`),
    ...columns.map(({ type }, place) => `CAST(c${place} AS ${type}) AS c${place}`),
  ].join(', ');
  const { path } = contents[placed as number] as LocalContent;
  return `SELECT kind, place AS seq, ${fields} FROM read_parquet(${quoteLiteral(path)})`;
};

/**
 * Rows of the content by their places, those of the patches instead where they have one, and new ones. A join
 * streams the content through a small table in memory.
 */
function mergedSql(
  columns: readonly Column[],
  { sql, rowIndex, places, row }: Relation & { places: string; row: string },
): string {
  const names = columns.map(({ name }) => quoteIdentifier(name));
  const merged = columns.map(({ type }, place) => {
    const name = names[place] as string;
    return `CASE WHEN p.kind IS NULL THEN b.${name} ELSE CAST(p.c${place} AS ${type}) END AS ${name}`;
  });
  const added = columns.map(({ type }, place) => `CAST(c${place} AS ${type})`);
  const list = (items: readonly string[]): string => items.join(', ');
  return `(
    SELECT b.${row} AS ${row}, ${list(merged)}
    FROM (SELECT ${rowIndex} AS ${row}, ${list(names)} FROM ${sql}) AS b
    LEFT JOIN (SELECT * FROM ${places} WHERE kind <> 'insert') AS p ON p.place = b.${row}
    WHERE p.kind IS NULL OR p.kind = 'update'
    UNION ALL
    SELECT place, ${list(added)} FROM ${places} WHERE kind = 'insert')`;
}

/** SELECT of what `patchedRelation` has made of a part, in types that Parquet has. */
export function placesOf(
  content: number,
  { key }: PartPatches,
  columns: readonly Column[],
): string {
  const kept = (name: string, type = ''): string =>
    KEPT_AS_TEXT.test(type) ? `CAST(${name} AS VARCHAR) AS ${name}` : name;
  const typeOf = (name: string) => columns.find((column) => column.name === name)?.type;
  const fields = [
    ...key.map((name, place) => kept(`k${place}`, typeOf(name))),
    ...columns.map(({ type }, place) => kept(`c${place}`, type)),
  ];
  return `SELECT kind, place, ${fields.join(', ')}, base_rows FROM ${nameOf(content, FOUND)}`;
}
