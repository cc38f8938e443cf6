import type { BoundSql } from './filter.types.js';
import type { OrderKey } from './order.js';
import { comparable } from './to-sql.js';

/** Where a page ended: the texts of its last row's keys, as `keyTexts` gives them, and its row index. */
export interface RowPlace {
  keys: readonly (string | null)[];
  rowIndex: string;
}

/** What stands after ORDER BY. The row index decides between rows that are alike. */
export function orderSql(order: readonly OrderKey[], rowIndex: string): string {
  const keys = order.map(({ column, isDescending, areNullsFirst }) => {
    const direction = isDescending ? 'DESC' : 'ASC';
    return `${comparable(column)} ${direction} NULLS ${areNullsFirst ? 'FIRST' : 'LAST'}`;
  });
  return [...keys, `${rowIndex} ASC`].join(', ');
}

/** Expressions of a row's keys as texts that keep all of their value. */
export const keyTexts = (order: readonly OrderKey[]): string[] =>
  order.map(({ column }) => `CAST(${column.sql} AS VARCHAR)`);

/**
 * The condition of the rows that come after a place: in linear size, complete and without repetition, as
 * nulls, NaN (greater than all numbers, equal to itself) and the two zeros stand where ORDER BY puts them.
 */
export function afterKey(
  order: readonly OrderKey[],
  { keys, rowIndex: last }: RowPlace,
  rowIndex: string,
): BoundSql {
  const tiebreak: BoundSql = { sql: `${rowIndex} > CAST(? AS BIGINT)`, parameters: [last] };
  return order.reduceRight((after, key, index) => {
    const value = keys[index] ?? null;
    const [beyond, equal] = value === null ? besideNull(key) : besideValue(key, value);
    return {
      sql: `(${beyond.sql} OR (${equal.sql} AND ${after.sql}))`,
      parameters: [...beyond.parameters, ...equal.parameters, ...after.parameters],
    };
  }, tiebreak);
}

/** What comes after a null, and what is one as well. */
function besideNull({ column: { sql }, areNullsFirst }: OrderKey): [BoundSql, BoundSql] {
  const values = areNullsFirst ? `${sql} IS NOT NULL` : 'false';
  return [
    { sql: values, parameters: [] },
    { sql: `${sql} IS NULL`, parameters: [] },
  ];
}

function besideValue(key: OrderKey, value: string): [BoundSql, BoundSql] {
  const { column, isDescending, areNullsFirst } = key;
  const sql = comparable(column);
  const constant = `CAST(? AS ${column.type.kind === 'text' ? 'VARCHAR' : column.typeName})`;
  const beyond = `${sql} ${isDescending ? '<' : '>'} ${constant}`;
  const nulls = areNullsFirst ? beyond : `(${beyond} OR ${column.sql} IS NULL)`;
  return [
    { sql: nulls, parameters: [value] },
    { sql: `${sql} = ${constant}`, parameters: [value] },
  ];
}
