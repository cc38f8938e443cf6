import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { afterKey, keyTexts, orderSql } from '../../src/tabular/filter/keyset.js';
import { parseOrder, resolveOrder } from '../../src/tabular/filter/order.js';
import { duckDbForTests, type DuckDbForTests } from '../support/duckdb.js';
import {
  compareValues,
  literalOf,
  type OracleRow,
  type OracleValue,
  rows,
  TABLE,
} from '../support/filter-oracle.js';

interface Part {
  name: string;
  isDescending: boolean;
  areNullsFirst: boolean;
}

/** Columns of every kind, few values, and so many rows that are alike. */
const orders = fc.uniqueArray(
  fc.record({
    name: fc.constantFrom(...TABLE.map(({ name }) => name)),
    isDescending: fc.boolean(),
    areNullsFirst: fc.boolean(),
  }),
  { minLength: 0, maxLength: 3, selector: ({ name }) => name },
);

const written = ({ name, isDescending, areNullsFirst }: Part): string =>
  `"${name}"${isDescending ? ' desc' : ''}${areNullsFirst ? ' nulls first' : ''}`;

function compareKeys(
  a: OracleValue,
  b: OracleValue,
  areNullsFirst: boolean,
  isDescending: boolean,
): number {
  if (a === null || b === null) return a === b ? 0 : (a === null) === areNullsFirst ? -1 : 1;
  return isDescending ? -compareValues(a, b) : compareValues(a, b);
}

/** The places of the rows in order, by plain JavaScript. */
function sorted(table: readonly OracleRow[], order: readonly Part[]): number[] {
  return table
    .map((_, index) => index)
    .sort((one, other) => {
      for (const { name, isDescending, areNullsFirst } of order) {
        const sign = compareKeys(
          table[one]?.[name] ?? null,
          table[other]?.[name] ?? null,
          areNullsFirst,
          isDescending,
        );
        if (sign !== 0) return sign;
      }
      return one - other;
    });
}

describe('Pages of ordered rows', () => {
  let duckdb: DuckDbForTests;
  beforeAll(async () => {
    duckdb = await duckDbForTests();
  });
  afterAll(() => duckdb.close());

  it('have every row once, in the order of plain JavaScript, whatever their size', async () => {
    const columns = TABLE.map(({ name, type }) => ({ name, type }));
    await fc.assert(
      fc.asyncProperty(
        rows,
        orders,
        fc.integer({ min: 1, max: 5 }),
        async (table, given, limit) => {
          const list = table.map(
            (row, index) =>
              `(${[index, ...TABLE.map((column) => literalOf(column, row[column.name] ?? null))].join(', ')})`,
          );
          const names = TABLE.map(({ name }) => `"${name}"`).join(', ');
          await duckdb.database.all(
            `CREATE OR REPLACE TEMP TABLE t AS SELECT * FROM (VALUES ${list.join(', ')}) t(rn, ${names})`,
          );
          const order =
            given.length === 0
              ? []
              : resolveOrder(parseOrder(given.map(written).join(', ')), columns);
          const found: number[] = [];
          let [where, parameters] = ['true', [] as string[]];
          for (;;) {
            const page = await duckdb.database.all(
              `SELECT ${['rn', ...keyTexts(order)].join(', ')} FROM t WHERE ${where} ORDER BY ${orderSql(order, 'rn')} LIMIT ${limit}`,
              parameters,
            );
            found.push(...page.map(([rowIndex]) => Number(rowIndex)));
            const [rowIndex, ...keys] = page.at(-1) ?? [];
            if (page.length < limit) break;
            const place = { keys: keys as (string | null)[], rowIndex: String(rowIndex) };
            ({ sql: where, parameters } = afterKey(order, place, 'rn'));
          }
          expect(found).toEqual(sorted(table, given));
        },
      ),
      { numRuns: 150 },
    );
  });

  it('go on after numbers, times and texts of any size', async () => {
    const types: [string, string[]][] = [
      ['HUGEINT', ["'170141183460469231731687303715884105727'", "'-170141183460469231731687303715884105728'", '0']],
      ['DECIMAL(38, 10)', ["'1234567890123456789012345678.0123456789'", "'1234567890123456789012345678.0123456788'"]],
      ['DOUBLE', ['0.1', '0.1 + 0.2', '0.3', '1e-323', '1.7976931348623157e308', "'nan'", "'-0'", '0', 'NULL']],
      ['FLOAT', ['0.1', '16777217', '3.4028235e38', "'-inf'"]],
      ['DATE', ["'-infinity'", "'0044-03-15 (BC)'", "'5881580-07-10'", "'infinity'"]],
      ['TIMESTAMP_NS', ["'2020-01-01 00:00:00.000000001'", "'2020-01-01 00:00:00.000000002'"]],
      ['TIMESTAMP WITH TIME ZONE', ["'290309-12-22 (BC) 00:00:00+00'", "'2020-01-01 12:00:00.000001+05:30'"]],
      ['TIME WITH TIME ZONE', ["'12:00:00+01'", "'12:00:00-01'", "'11:00:00+00'"]],
      ['UUID', ["'f81d4fae-7dec-11d0-a765-00a0c91e6bf6'", "'00000000-0000-0000-0000-000000000000'"]],
      ['VARCHAR', ["''", "chr(0) || 'a'", "repeat('😀', 10000)", "'it''s'", "'nan'"]],
      ["ENUM('z', 'a')", ["'z'", "'a'"]],
      ['JSON', ["'{}'", "'[1, 2]'"]],
    ]; // prettier-ignore
    for (const [type, values] of types) {
      for (const direction of ['asc', 'desc nulls first']) {
        const list = values
          .map((value, index) => `(${index}, CAST(${value} AS ${type}))`)
          .join(', ');
        await duckdb.database.all(
          `CREATE OR REPLACE TEMP TABLE t AS SELECT * FROM (VALUES ${list}) t(rn, k)`,
        );
        const order = resolveOrder(parseOrder(`k ${direction}`), [{ name: 'k', type }]);
        const select = `SELECT ${['rn', ...keyTexts(order)].join(', ')} FROM t`;
        const end = `ORDER BY ${orderSql(order, 'rn')}`;
        const whole = await duckdb.database.all(`${select} ${end}`);
        for (const [at, [rowIndex, ...keys]] of whole.entries()) {
          const place = { keys: keys as (string | null)[], rowIndex: String(rowIndex) };
          const { sql, parameters } = afterKey(order, place, 'rn');
          const rest = await duckdb.database.all(`${select} WHERE ${sql} ${end}`, parameters);
          expect([type, rest]).toEqual([type, whole.slice(at + 1)]);
        }
      }
    }
  });
});
