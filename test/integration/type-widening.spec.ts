import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { typeVerdict } from '../../src/tabular/compare/type-verdict.js';
import { type DuckDbForTests, duckDbForTests } from '../support/duckdb.js';

const signed = (bits: bigint) => [`${-(2n ** (bits - 1n))}`, `${2n ** (bits - 1n) - 1n}`, '-1'];
const unsigned = (bits: bigint) => [`${2n ** bits - 1n}`, '0', '1'];

/** Values at the ends of a type, where a narrower one loses them. */
const SAMPLES: Record<string, string[]> = {
  TINYINT: signed(8n),
  SMALLINT: signed(16n),
  INTEGER: signed(32n),
  BIGINT: signed(64n),
  HUGEINT: signed(128n),
  UTINYINT: unsigned(8n),
  USMALLINT: unsigned(16n),
  UINTEGER: unsigned(32n),
  UBIGINT: unsigned(64n),
  UHUGEINT: unsigned(128n),
  FLOAT: ['0.1', '3.4e38', '1e-45', 'nan', '-inf'],
  DOUBLE: ['0.1', '1.7e308', '5e-324', 'nan', 'inf'],
  'DECIMAL(4,1)': ['999.9', '-0.1'],
  'DECIMAL(6,1)': ['99999.9'],
  'DECIMAL(10,0)': ['9999999999'],
  'DECIMAL(19,0)': ['9999999999999999999'],
  'DECIMAL(22,2)': ['99999999999999999999.99'],
  'DECIMAL(38,4)': [`${'9'.repeat(34)}.9999`],
  DATE: ['2020-02-29', '0001-01-01', 'infinity'],
  TIMESTAMP: ['2020-02-29 12:34:56.123456', '9999-12-31 00:00:00', '-infinity'],
  TIMESTAMP_S: ['2020-02-29 12:34:56', '0001-01-01 00:00:00'],
  TIMESTAMP_MS: ['2020-02-29 12:34:56.123'],
  TIMESTAMP_NS: ['2020-02-29 12:34:56.123456789'],
  TIME: ['12:34:56.123456'],
  BOOLEAN: ['true'],
  VARCHAR: ['a', 'é🤦', ''],
  JSON: ['{"a": [1]}'],
  [`ENUM('a', 'b')`]: ['a', 'b'],
  [`ENUM('b', 'a', 'c')`]: ['a', 'c'],
  'INTEGER[]': ['[1, NULL]', '[]'],
  'INTEGER[2]': ['[1, 2147483647]'],
  'BIGINT[]': ['[9223372036854775807]'],
  'STRUCT(a INTEGER)': [`{a: 2147483647}`],
  'STRUCT(a BIGINT, b VARCHAR)': [`{a: 9223372036854775807, b: x}`],
  'MAP(VARCHAR, INTEGER)': ['{k=2147483647}'],
  'MAP(VARCHAR, BIGINT)': ['{k=9223372036854775807}'],
};

let duck: DuckDbForTests;
beforeAll(async () => {
  duck = await duckDbForTests();
});
afterAll(() => duck?.close());

describe('A widening', () => {
  it('loses no value in a cast of DuckDB, there and back', async () => {
    const types = Object.keys(SAMPLES);
    const pairs = types.flatMap((from) =>
      types
        .filter((to) => ['widening', 'compatible'].includes(typeVerdict(from, to)))
        .map((to) => ({ from, to })),
    );
    // So that nothing is proved by finding none.
    expect(pairs.length).toBeGreaterThan(60);
    const lost = pairs.flatMap(({ from, to }) =>
      (SAMPLES[from] ?? []).map((text) => {
        const value = `CAST('${text}' AS ${from})`;
        const label = `${from} to ${to}: ${text}`.replaceAll("'", "''");
        return `SELECT '${label}' WHERE CAST(TRY_CAST(${value} AS ${to}) AS ${from}) IS DISTINCT FROM ${value}`;
      }),
    );
    expect(await duck.database.all(lost.join(' UNION ALL '))).toEqual([]);
  });
});
