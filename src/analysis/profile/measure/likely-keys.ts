import { quoteIdentifier, type ColumnStatistics } from '../../../tabular/index.js';
import type { LikelyKeys } from '../profile.types.js';
import { count, listOf, pairsOf, type MeasuredTable } from './measured-table.js';

/** Columns of which pairs, and then threes, are tried. */
const TOGETHER = 9;
/** Sets of columns that are looked through row by row. */
const PROVEN = 12;
/** Two values of a sketch lie within 10 % of the truth. */
const NEAR = 0.9;

/** A key of floats, or of what is nested, would be an accident. */
const CAN_BE_KEY = new Set(['integer', 'string', 'date', 'timestamp', 'time', 'decimal', 'other']);

/**
 * Columns that tell the rows apart: single ones, else the least sets of two, else of three. What a sketch of
 * all combinations, in one scan, leaves possible is proven by looking for two rows that have the same.
 */
export async function findLikelyKeys(
  table: MeasuredTable,
  columns: readonly ColumnStatistics[],
): Promise<LikelyKeys> {
  const { rowCount } = table;
  const possible = columns.filter(
    ({ kind, nulls, distinct }) =>
      CAN_BE_KEY.has(kind) && nulls.count === 0 && distinct.value > 1 && rowCount > 1,
  );
  const alone = await singleKeys(table, possible);
  if (alone.length > 0) return { keys: alone.map((name) => [name]), tried: [] };
  const some = possible
    .toSorted((a, b) => b.distinct.value - a.distinct.value)
    .slice(0, TOGETHER)
    .map(({ name }) => name);
  const tried = possible.map(({ name }) => name).filter((name) => some.includes(name));
  const pairs = pairsOf(tried);
  const two = await keysAmong(table, pairs);
  if (two.length > 0 || tried.length < 3) return { keys: two, tried };
  const threes = pairs.flatMap(([a, b]) =>
    tried.slice(tried.indexOf(b) + 1).map((c): string[] => [a, b, c]),
  );
  return { keys: await keysAmong(table, threes), tried };
}

async function singleKeys(
  table: MeasuredTable,
  columns: readonly ColumnStatistics[],
): Promise<string[]> {
  const { rowCount } = table;
  const keys: string[] = [];
  let proven = 0;
  for (const { name, distinct } of columns) {
    if (distinct.exactly === 'exact') {
      if (distinct.value === rowCount) keys.push(name);
    } else if (distinct.value * (1 + 2 * distinct.error) >= rowCount && proven < PROVEN) {
      proven += 1;
      if (await isKey(table, [name])) keys.push(name);
    }
  }
  return keys;
}

async function keysAmong(
  table: MeasuredTable,
  sets: readonly (readonly string[])[],
): Promise<string[][]> {
  if (sets.length === 0) return [];
  const sketches = sets.map((names) => `approx_count_distinct(hash(${listOf(names)}))`);
  const [row = []] = await table.bench.rows(`SELECT ${sketches.join(', ')} FROM ${table.name}`);
  const estimated = sets
    .map((names, place) => ({ names, distinct: count(row[place]) }))
    .filter(({ distinct }) => distinct >= NEAR * table.rowCount);
  const keys: string[][] = [];
  for (const { names } of estimated.slice(0, PROVEN)) {
    if (await isKey(table, names)) keys.push([...names]);
  }
  return keys;
}

async function isKey({ bench, name }: MeasuredTable, names: readonly string[]): Promise<boolean> {
  const repeated = await bench.rows(
    `SELECT 1 FROM ${name} GROUP BY ${names.map(quoteIdentifier).join(', ')} HAVING count(*) > 1 LIMIT 1`,
  );
  return repeated.length === 0;
}
