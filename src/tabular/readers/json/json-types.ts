import type { TableDatabase } from '../../../core/contracts/dataset-reader.contract.js';
import { readLines } from '../shared/numbered-lines.js';
import { columnsLiteral, quoteIdentifier } from '../../values/quote.js';

/** Beyond it a type is a list of names that no row shares: such values are shown as JSON. */
const MAX_TYPE_LENGTH = 20_000;
/** Members from which on DuckDB may take objects for maps. */
const MAP_FROM = 200;

export interface TypedColumn {
  /** As the lines have it. */
  name: string;
  type: string;
}

export interface TypedColumns {
  columns: TypedColumn[];
  /** Columns whose numbers were kept from losing digits. */
  kept: string[];
}

/** Types whose values are one number. */
const SIMPLE = new Set(['DOUBLE', 'HUGEINT']);

const narrowed = ({ name, type }: TypedColumn): TypedColumn => ({
  name,
  type: isNested(type)
    ? type.replaceAll(/\bHUGEINT\b(?!")/g, 'BIGINT')
    : type.replace(/^HUGEINT$/, 'BIGINT'),
});

const isNested = (type: string): boolean => /[[(]/.test(type) && !type.startsWith('DECIMAL');

async function detect(
  database: TableDatabase,
  path: string,
  longestRow: number,
  more: string,
): Promise<TypedColumn[]> {
  // All rows are looked at: what a sample does not show would be dropped without a word.
  const table = readLines(path, longestRow, `sample_size = -1, ${more}`);
  const rows = await database.all(`DESCRIBE SELECT * FROM ${table}`);
  return rows.map(([name, type]) => ({ name: String(name), type: String(type) }));
}

/** The types of all members, of all rows. Names that differ by case only can't be in one STRUCT. */
async function detected(
  database: TableDatabase,
  path: string,
  longestRow: number,
  members: number,
): Promise<TypedColumn[]> {
  const maps =
    members >= MAP_FROM ? 'map_inference_threshold = -1' : `map_inference_threshold = ${MAP_FROM}`;
  try {
    return await detect(database, path, longestRow, maps);
  } catch (error) {
    if (!String(error).includes('Duplicate name')) throw error;
    return detect(database, path, longestRow, `${maps}, maximum_depth = 1`);
  }
}

/** What tells, of a column that was read as text, whether numbers would lose by the type that was found. */
function testsOf({ name, type }: TypedColumn): [lost: string, whole: string] {
  const column = quoteIdentifier(name);
  if (!SIMPLE.has(type)) {
    const long = "'[:\\[,]-?([0-9]{16,}|[0-9.]+[eE][+-]?[0-9]{3,})[,\\]}]'";
    return [`bool_or(regexp_matches(${column}::VARCHAR, ${long}))`, 'false'];
  }
  const huge = `TRY_CAST(${column} AS HUGEINT)`;
  const double = `TRY_CAST(${column} AS DOUBLE)`;
  const isWhole = `regexp_full_match(${column}, '-?[0-9]+')`;
  const beyond = `length(${column}) > 15 AND abs(${double}) >= 9007199254740992`;
  return [
    `bool_or(isinf(${double}) OR ${double} IS NULL OR (${isWhole} AND ${beyond} AND TRY_CAST(${double} AS HUGEINT) IS DISTINCT FROM ${huge}))`,
    `bool_and(${isWhole} AND ${huge} IS NOT NULL) AND bool_or(${beyond})`,
  ];
}

/**
 * An integer that a double can't hold, in a column that has been taken for doubles, becomes part of a
 * HUGEINT or, beside fractions, of text. In nested values the whole column stays JSON.
 */
async function keepDigits(
  database: TableDatabase,
  path: string,
  longestRow: number,
  columns: TypedColumn[],
): Promise<TypedColumns> {
  const doubtful = columns.filter(({ type }) => /DOUBLE|HUGEINT/.test(type));
  if (doubtful.length === 0) return { columns, kept: [] };
  const as = doubtful.map(({ name, type }) => ({
    name,
    type: SIMPLE.has(type) ? 'VARCHAR' : 'JSON',
  }));
  const table = readLines(path, longestRow, `columns = ${columnsLiteral(as)}`);
  const tests = doubtful.flatMap(testsOf).join(', ');
  const [found = []] = await database.all(`SELECT ${tests} FROM ${table}`);
  const types = new Map<string, string>();
  const kept: string[] = [];
  doubtful.forEach(({ name, type }, at) => {
    const [lost, whole] = [found[2 * at] === true, found[2 * at + 1] === true];
    if (type === 'HUGEINT') types.set(name, whole ? type : 'BIGINT');
    else if (lost || whole) {
      types.set(name, whole ? 'HUGEINT' : SIMPLE.has(type) ? 'VARCHAR' : 'JSON');
      kept.push(name);
    }
  });
  return {
    columns: columns.map(({ name, type }) => ({ name, type: types.get(name) ?? type })),
    kept,
  };
}

/** What the members of the lines of a file are, of all rows. */
export async function lineTypes(
  database: TableDatabase,
  path: string,
  longestRow: number,
  members: number,
  longNumbers: boolean,
): Promise<TypedColumns> {
  const columns = (await detected(database, path, longestRow, members)).map(({ name, type }) => ({
    name,
    type: type.length > MAX_TYPE_LENGTH ? 'JSON' : type,
  }));
  // DuckDB calls a mixture of negative and positive numbers HUGEINT, however small they are.
  if (!longNumbers) return { columns: columns.map(narrowed), kept: [] };
  return keepDigits(database, path, longestRow, columns);
}

/** Types that hold more than these, for what did not fit: first of nested columns only, then of all. */
export const widenings = (columns: readonly TypedColumn[]): TypedColumn[][] => {
  const nested = columns.map(({ name, type }) => ({ name, type: isNested(type) ? 'JSON' : type }));
  const all = columns.map(({ name }) => ({ name, type: 'JSON' }));
  const differs = (wider: TypedColumn[], from: readonly TypedColumn[]): boolean =>
    wider.some(({ type }, at) => type !== from[at]?.type);
  return [...(differs(nested, columns) ? [nested] : []), ...(differs(all, nested) ? [all] : [])];
};
