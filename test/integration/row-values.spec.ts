import { DuckDBInstance, type DuckDBConnection } from '@duckdb/node-api';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Column } from '../../src/core/contracts/dataset-reader.contract.js';
import { parseFilter } from '../../src/tabular/filter/parse-filter.js';
import { toSql } from '../../src/tabular/filter/to-sql.js';
import type { Json } from '../../src/tabular/values/json-text.js';
import { rowJson } from '../../src/tabular/values/row-json.js';
import { selectList } from '../../src/tabular/values/select-list.js';
import { jsonConverter } from '../../src/tabular/values/to-json.js';

describe('Values of rows', () => {
  let instance: DuckDBInstance;
  let connection: DuckDBConnection;

  beforeAll(async () => {
    instance = await DuckDBInstance.create(':memory:');
    connection = await instance.connect();
    await connection.run("SET TimeZone = 'Asia/Tokyo'");
  });

  afterAll(() => {
    connection.closeSync();
    instance.closeSync();
  });

  /** The only row of a table, through everything that a page of rows goes through. */
  async function rowOf(select: string, limit?: number) {
    await connection.run(`CREATE OR REPLACE TABLE t AS ${select}`);
    const described = await connection.runAndReadAll('DESCRIBE t');
    const columns = described
      .getRows()
      .map(([name, type]): Column => ({ name: String(name), type: String(type) }));
    const reader = await connection.runAndReadAll(`SELECT ${selectList(columns, limit)} FROM t`);
    const [cells = []] = reader.convertRows(jsonConverter);
    return { columns, ...rowJson(columns, cells, limit) };
  }

  /** Expression, what it becomes, and whether a filter finds the row by it. */
  const SCALARS: [string, unknown][] = [
    ['(-128)::TINYINT', -128],
    ['32767::SMALLINT', 32767],
    ['(-2147483648)::INTEGER', -2147483648],
    ['9007199254740991::BIGINT', 9007199254740991],
    ['9007199254740992::BIGINT', '9007199254740992'],
    ['(-9223372036854775808)::BIGINT', '-9223372036854775808'],
    ['255::UTINYINT', 255],
    ['65535::USMALLINT', 65535],
    ['4294967295::UINTEGER', 4294967295],
    ['18446744073709551615::UBIGINT', '18446744073709551615'],
    ['5::HUGEINT', 5],
    [
      '(-170141183460469231731687303715884105728)::HUGEINT',
      '-170141183460469231731687303715884105728',
    ],
    [
      '340282366920938463463374607431768211455::UHUGEINT',
      '340282366920938463463374607431768211455',
    ],
    [
      "'123456789012345678901234567890123456789012'::BIGNUM",
      '123456789012345678901234567890123456789012',
    ],
    ['7::BIGNUM', 7],
    ['0.5::FLOAT', 0.5],
    ['0.1::FLOAT', 0.10000000149011612],
    ['0.1::DOUBLE', 0.1],
    ['5e-324::DOUBLE', 5e-324],
    ["'-0'::DOUBLE", 0],
    ["'nan'::DOUBLE", 'NaN'],
    ["'inf'::FLOAT", 'Infinity'],
    ["'-inf'::DOUBLE", '-Infinity'],
    ['1.50::DECIMAL(4,2)', 1.5],
    ['-0.001::DECIMAL(18,3)', -0.001],
    ['0::DECIMAL(38,10)', 0],
    ['9999999999999.99::DECIMAL(18,2)', 9999999999999.99],
    ['99999999999999.99::DECIMAL(18,2)', '99999999999999.99'],
    [
      '-1234567890123456789012345678.0123456789::DECIMAL(38,10)',
      '-1234567890123456789012345678.0123456789',
    ],
    ['true', true],
    ["'it''s 😀'", "it's 😀"],
    ["'b'::ENUM('a', 'b', 'c''d')", 'b'],
    ["'f81d4fae-7dec-11d0-a765-00a0c91e6bf6'::UUID", 'f81d4fae-7dec-11d0-a765-00a0c91e6bf6'],
    ["'2020-02-29'::DATE", '2020-02-29'],
    ["'0044-03-15 (BC)'::DATE", '-000043-03-15'],
    ["'0001-12-31 (BC)'::DATE", '0000-12-31'],
    ["'10000-01-01'::DATE", '+010000-01-01'],
    ["'5881580-07-10'::DATE", '+5881580-07-10'],
    ["'5877642-06-25 (BC)'::DATE", '-5877641-06-25'],
    ["'infinity'::DATE", 'infinity'],
    ["'-infinity'::DATE", '-infinity'],
    ["'2020-02-29 23:59:59'::TIMESTAMP_S", '2020-02-29T23:59:59'],
    ["'2020-02-29 23:59:59.1234'::TIMESTAMP_MS", '2020-02-29T23:59:59.123'],
    ["'2020-02-29 23:59:59.123456'::TIMESTAMP", '2020-02-29T23:59:59.123456'],
    ["'1969-12-31 23:59:59.5'::TIMESTAMP", '1969-12-31T23:59:59.5'],
    ["'2020-02-29 23:59:59.123456789'::TIMESTAMP_NS", '2020-02-29T23:59:59.123456789'],
    ["'1677-09-22'::TIMESTAMP_NS", '1677-09-22T00:00:00'],
    ["'2020-02-29 23:59:59.5+02'::TIMESTAMPTZ", '2020-02-29T21:59:59.5Z'],
    ["'infinity'::TIMESTAMP", 'infinity'],
    ["'-infinity'::TIMESTAMPTZ", '-infinity'],
    ["'infinity'::TIMESTAMP_S", 'infinity'],
    ["'infinity'::TIMESTAMP_MS", 'infinity'],
    ["'-infinity'::TIMESTAMP_NS", '-infinity'],
    ["'290309-12-22 (BC) 00:00:00'::TIMESTAMP", '-290308-12-22T00:00:00'],
    ["'294247-01-10 04:00:54.775806'::TIMESTAMP", '+294247-01-10T04:00:54.775806'],
    ["'24:00:00'::TIME", '24:00:00'],
    ["'12:30:00.000001'::TIME", '12:30:00.000001'],
    ["'12:30:00.123456789'::TIME_NS", '12:30:00.123456789'],
    ["'12:30:00.5-03:30'::TIMETZ", '12:30:00.5-03:30'],
  ];

  it.each(SCALARS)('%s becomes %j, by which a filter finds it', async (expression, expected) => {
    const { row, columns, truncatedCells } = await rowOf(`SELECT ${expression} AS x`);
    expect([row, truncatedCells]).toEqual([{ x: expected }, []]);
    const literal =
      typeof expected === 'string' ? `'${expected.replaceAll("'", "''")}'` : String(expected);
    for (const [filter, count] of [
      [`x = ${literal}`, 1n],
      [`x <> ${literal}`, 0n],
      [`x in (${literal})`, 1n],
      ...(typeof expected === 'boolean'
        ? []
        : ([
            [`x between ${literal} and ${literal}`, 1n],
            [`x > ${literal}`, 0n],
          ] as const)),
    ] as const) {
      const { sql, parameters } = toSql(parseFilter(filter), columns);
      const found = await connection.runAndReadAll(
        `SELECT count(*) FROM t WHERE ${sql}`,
        parameters,
      );
      expect([filter, found.getRows()]).toEqual([filter, [[count]]]);
    }
  });

  it.each<[string, unknown]>([
    ['NULL', null],
    ["'\\x00\\xFFa'::BLOB", 'AP9h'],
    ["''::BLOB", ''],
    ["'0101'::BIT", '0101'],
    [
      'INTERVAL 14 MONTH + INTERVAL 3 DAY + INTERVAL 4000001 MICROSECOND',
      '1 year 2 months 3 days 00:00:04.000001',
    ],
    ["['a', NULL, 'b']", ['a', null, 'b']],
    ['[]::INTEGER[]', []],
    ['[9007199254740993, 1]', ['9007199254740993', 1]],
    ["[1.5::DOUBLE, 'nan']::DOUBLE[2]", [1.5, 'NaN']],
    ["{'a': 1, 'b c': {'d': DATE '2020-01-01'}}", { a: 1, 'b c': { d: '2020-01-01' } }],
    [
      "MAP {'k': 1::BIGINT, 'l': NULL}",
      [
        { key: 'k', value: 1 },
        { key: 'l', value: null },
      ],
    ],
    ['union_value(n := 5)::UNION(n INTEGER, s VARCHAR)', { tag: 'n', value: 5 }],
    ["{'a': [1::VARIANT, 'x'::VARIANT]}", { a: [1, 'x'] }],
    ['5.25::DECIMAL(5,2)::VARIANT', 5.25],
    [
      '\'{"big": 12345678901234567890, "n": 1.50, "e": 1e2, "s": "x"}\'::JSON',
      { big: '12345678901234567890', n: 1.5, e: 100, s: 'x' },
    ],
    ['[\'{"a": 1}\'::JSON]', [{ a: 1 }]],
    ["'POINT (1 2)'::GEOMETRY", 'AQEAAAAAAAAAAADwPwAAAAAAAABA'],
  ])('%s becomes %j', async (expression, expected) => {
    const { row, truncatedCells } = await rowOf(`SELECT ${expression} AS x`);
    expect([row, truncatedCells]).toEqual([{ x: expected }, []]);
  });

  it('keeps names that JavaScript has a meaning for', async () => {
    const { row } = await rowOf(
      `SELECT 1 AS "__proto__", {'constructor': 2, 'toString': 3} AS s, 4 AS "a""b"`,
    );
    expect(JSON.stringify(row)).toBe(
      '{"__proto__":1,"s":{"constructor":2,"toString":3},"a\\"b":4}',
    );
    await rowOf(`SELECT {'__proto__': {'polluted': 1}} AS s`);
    expect({}).not.toHaveProperty('polluted');
  });

  it('cuts what is longer than a cell may be, and says where', async () => {
    const { row, truncatedCells } = await rowOf(
      `SELECT repeat('a', 18) AS whole, repeat('a', 19) AS cut, repeat('😀', 19) AS pairs, repeat('"', 15) AS quotes,
        repeat('x', 100)::BLOB AS bytes, range(1000) AS items, ['short', repeat('b', 50)] AS texts,
        {'a': 1, 'b': repeat('c', 50), 'd': 2} AS fields, 5 AS n, ('[' || repeat('1,', 50) || '1]')::JSON AS j,
        repeat('x', 12)::BLOB AS few, MAP {'k': repeat('v', 50)} AS m`,
      20,
    );
    expect(row).toEqual({
      whole: 'a'.repeat(18),
      cut: 'a'.repeat(18),
      pairs: '😀'.repeat(9),
      quotes: '"'.repeat(9),
      bytes: Buffer.from('x'.repeat(12)).toString('base64'),
      items: [0, 1, 2, 3, 4, 5, 6, 7, 8],
      texts: ['short', 'bbbbbbbb'],
      fields: { a: 1, b: 'cccccc' },
      n: 5,
      j: '[1,1,1,1,1,1,1,1,1',
      few: Buffer.from('x'.repeat(12)).toString('base64'),
      m: [{ key: 'k' }],
    });
    expect(truncatedCells).toEqual([
      'cut',
      'pairs',
      'quotes',
      'bytes',
      'items',
      'texts',
      'fields',
      'j',
      'm',
    ]);
    for (const cell of Object.values(row))
      expect(JSON.stringify(cell).length).toBeLessThanOrEqual(20);
  });

  it('lets the engine keep what nobody is shown', async () => {
    const { row, truncatedCells } = await rowOf(
      `SELECT repeat('a', 5000000) AS t, repeat('\\xFF'::BLOB, 1000000) AS b, range(100000) AS l`,
    );
    expect([(row['t'] as string).length, (row['b'] as string).length]).toEqual([9998, 9996]);
    expect(Buffer.from(row['b'] as string, 'base64').every((byte) => byte === 255)).toBe(true);
    expect(truncatedCells).toEqual(['t', 'b', 'l']);
  });
});
