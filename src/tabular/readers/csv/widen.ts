import type { Column, TableDatabase } from '../../../core/contracts/dataset-reader.contract.js';
import type { Dialect } from './dialect.js';
import { quoteIdentifier } from '../../values/quote.js';
import { readCsv, type Source } from './relation.js';

/** What a column becomes when its type does not hold: the first of them that all its values are. */
const LADDER: Record<string, readonly string[]> = {
  BIGINT: ['BIGINT', 'HUGEINT', 'DOUBLE'],
  HUGEINT: ['HUGEINT'],
  DOUBLE: ['DOUBLE'],
  DATE: ['DATE', 'TIMESTAMP'],
};

const WHOLE = '[+-]?(?:0|[1-9][0-9]*)';
/** How a value of a type is written: DuckDB alone would take 1.5 for a whole number. */
const WRITTEN: Record<string, string> = {
  BIGINT: WHOLE,
  HUGEINT: WHOLE,
  DATE: '[0-9]{4}[-/][0-9]{1,2}[-/][0-9]{1,2}',
  TIMESTAMP: '[0-9]{4}[-/][0-9]{1,2}[-/][0-9]{1,2}(?:[ T][0-9:.]+)?',
};

/** Columns that are looked at in one scan: each is a handful of expressions. */
const AT_ONCE = 300;

/**
 * Reads all rows as text and finds for each column the narrowest type on its ladder that holds all of
 * its values exactly.
 * @throws what the scan throws: the rows are not of the dialect
 */
export async function provenTypes(
  database: TableDatabase,
  source: Source,
  dialect: Dialect,
  columns: readonly Column[],
): Promise<Column[]> {
  const text = columns.map(({ name }) => ({ name, type: 'VARCHAR' }));
  const from = readCsv(source, { ...dialect, decimal: '.' }, text);
  const result = [...columns];
  const typed = columns.flatMap(({ type }, at) => (type === 'VARCHAR' ? [] : [at]));
  // One scan of all rows at least, whatever the types: it proves the rows themselves.
  for (let start = 0; start === 0 || start < typed.length; start += AT_ONCE) {
    const places = typed.slice(start, start + AT_ONCE);
    const tests = places.flatMap((at) =>
      stepsOf(columns[at]!).map((type) => testOf(columns[at]!.name, type, dialect)),
    );
    const width = text.map(({ name }) => `count(${quoteIdentifier(name)})`);
    const [row = []] = await database.all(`SELECT ${[...tests, ...width].join(', ')} FROM ${from}`);
    let next = 0;
    for (const at of places) {
      const steps = stepsOf(columns[at]!);
      const holds = steps.map(() => row[next++] !== false);
      result[at] = { name: columns[at]!.name, type: steps[holds.indexOf(true)] ?? 'VARCHAR' };
    }
  }
  return result;
}

const stepsOf = ({ type }: Column): readonly string[] => LADDER[type] ?? [type];

/** NULL where there is no value at all. */
function testOf(name: string, type: string, dialect: Dialect): string {
  const raw = quoteIdentifier(name);
  const value =
    type === 'DOUBLE' && dialect.decimal === ','
      ? `replace(replace(${raw}, '.', 'x'), ',', '.')`
      : raw;
  const tests = [`TRY_CAST(${value} AS ${type}) IS NOT NULL`];
  const pattern = WRITTEN[type];
  if (pattern) tests.push(`regexp_full_match(trim(${value}), '${pattern}')`);
  if (type === 'DOUBLE') {
    tests.push(
      `(NOT regexp_full_match(trim(${value}), '[+-]?[0-9]+') OR (abs(TRY_CAST(${value} AS DOUBLE)) <= 9007199254740991 AND regexp_full_match(trim(${value}), '${WHOLE}')))`,
    );
  }
  return `bool_and(${tests.join(' AND ')}) FILTER (${raw} IS NOT NULL)`;
}
