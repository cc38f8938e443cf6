import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Column } from '../../src/core/contracts/dataset-reader.contract.js';
import type {
  QuantilesDto,
  StatisticValue,
} from '../../src/tabular/statistics/dto/statistics-of-table.dto.js';
import { computeStatistics } from '../../src/tabular/statistics/compute-statistics.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { type DuckDbForTests, duckDbForTests } from '../support/duckdb.js';
import { COLUMNS, generated } from '../support/generated-columns.js';
import { expectAsPostgres, FIGURES } from '../support/statistics-oracle.js';

const columns: Column[] = Object.entries(COLUMNS).map(([name, [type]]) => ({ name, type }));

let duck: DuckDbForTests;
let postgres: TestDatabase;

beforeAll(async () => {
  [duck, postgres] = await Promise.all([duckDbForTests(), createTestDatabase({ empty: true })]);
});

afterAll(async () => {
  await duck?.close();
  await postgres?.drop();
});

/** One table in both engines. */
async function fill(table: string, rows: number): Promise<void> {
  const names = Object.keys(COLUMNS);
  const values = generated(rows);
  const typed = (of: 0 | 1) =>
    Object.entries(COLUMNS).map(([name, types]) => `CAST(${name} AS ${types[of]}) AS ${name}`);
  await postgres.query(
    `CREATE TABLE ${table} AS SELECT ${typed(1).join(', ')}
     FROM unnest(${names.map((_, index) => `$${index + 1}::text[]`).join(', ')}) AS t(${names.join(', ')})`,
    values,
  );
  const lists = values.map((list, index) => {
    const texts = list.map((text) => (text === null ? 'NULL' : `'${text.replaceAll("'", "''")}'`));
    return `unnest(CAST([${texts.join(', ')}] AS VARCHAR[])) AS ${names[index]}`;
  });
  await duck.database.all(
    `CREATE TABLE ${table} AS SELECT ${typed(0).join(', ')} FROM (SELECT ${lists.join(', ')})`,
  );
}

const measure = async (sql: string, of: readonly Column[] = columns) =>
  computeStatistics(duck.database, { sql, rowIndex: 'rowid' }, of);

/** Each quantile has the rank it says, but for the error it states. */
async function expectRanks(name: string, { exactly, error, values }: QuantilesDto) {
  expect(exactly).toBe('estimated');
  expect(error).toBeLessThan(0.02);
  for (const { probability, value } of values) {
    const [rank] = await postgres.query<{ below: number; upto: number }>(
      `SELECT avg((${name} < $1::float8)::int)::float8 AS below,
              avg((${name} <= $1::float8)::int)::float8 AS upto FROM many`,
      [value],
    );
    const slack = error + 1e-9;
    expect(probability).toBeGreaterThanOrEqual(Number(rank?.below) - slack);
    expect(probability).toBeLessThanOrEqual(Number(rank?.upto) + slack);
  }
}

describe('The statistics of a table', () => {
  it.each([
    ['some rows', 2000],
    ['one row', 1],
  ])('are those of PostgreSQL, of %s', async (_, rows) => {
    const table = `rows_${rows}`;
    await fill(table, rows);
    const answer = await measure(table);
    expect(answer.rowCount).toBe(rows);
    for (const column of answer.columns) {
      const { name, kind } = column;
      if (rows === 1) expect([name, column.std]).toEqual([name, null]);
      else await expectAsPostgres(postgres, table, column);
      if (rows === 1 || name === 'nothing') continue;
      const has = ['mean', 'quantiles', 'histogram', 'lengths', 'booleans', 'nonFinite'].filter(
        (figure) => column[figure as keyof typeof column] !== null,
      );
      expect([name, has.sort()]).toEqual([name, [...(FIGURES[kind] ?? [])].sort()]);
    }
  });

  it('count NaN and the infinities apart', async () => {
    const [row] = await postgres.query(
      `SELECT count(*) FILTER (WHERE double = 'NaN')::int AS nan,
              count(*) FILTER (WHERE double = 'Infinity')::int AS "positiveInfinity",
              count(*) FILTER (WHERE double = '-Infinity')::int AS "negativeInfinity" FROM rows_2000`,
    );
    const { columns: found } = await measure('rows_2000', [{ name: 'double', type: 'DOUBLE' }]);
    expect(row?.['nan']).toBeGreaterThan(0);
    expect(found[0]?.nonFinite).toEqual(row);
  });

  it('are there without a row, and without a column', async () => {
    const empty = await measure('(SELECT * FROM rows_2000 WHERE false)');
    expect(empty.rowCount).toBe(0);
    for (const column of empty.columns) {
      expect(column).toMatchObject({
        nulls: { count: 0, share: 0 },
        distinct: { value: 0, exactly: 'exact' },
        min: null,
        mean: null,
        median: null,
        histogram: null,
        topValues: { values: [] },
        lengths: null,
      });
    }
    expect(await measure('rows_2000', [])).toEqual({ rowCount: 2000, columns: [] });
  });

  it('keep to the error they state where they are estimated', async () => {
    const rows = 120_000;
    const of = (series: string) => `SELECT (i::bigint * 7919) % 100003 AS spread,
      CASE WHEN i % 20 = 0 THEN 'often' ELSE 'v' || i END AS mostly,
      sqrt(i) AS root FROM ${series} AS t(i)`;
    await postgres.query(`CREATE TABLE many AS ${of(`generate_series(0, ${rows - 1})`)}`);
    const answer = await measure(`(${of(`range(${rows})`)})`, [
      { name: 'spread', type: 'BIGINT' },
      { name: 'mostly', type: 'VARCHAR' },
      { name: 'root', type: 'DOUBLE' },
    ]);
    const [spread, mostly, root] = answer.columns;
    for (const column of [spread, mostly]) {
      const [truth] = await postgres.query<{ count: number }>(
        `SELECT count(DISTINCT ${column?.name})::int FROM many`,
      );
      const { value = 0, exactly, error = 0 } = column?.distinct ?? {};
      expect(exactly).toBe('estimated');
      expect(error).toBeLessThan(0.05);
      // The hashes are the same in every run, so this is no matter of chance.
      expect(Math.abs(Number(truth?.count) - value) / value).toBeLessThan(error);
    }
    expect(mostly?.topValues).toMatchObject({
      exactly: 'estimated',
      values: [{ value: 'often', count: rows / 20 }],
    });
    await expectRanks('spread', spread?.quantiles as QuantilesDto);
    await expectRanks('root', root?.quantiles as QuantilesDto);
  });

  it('hold at the ends of the types, and of types that have no line', async () => {
    const { database } = duck;
    const extremes: [type: string, values: string[], min: StatisticValue, max: StatisticValue][] = [
      [
        'HUGEINT',
        [`${-(2n ** 127n)}`, `${2n ** 127n - 1n}`],
        `${-(2n ** 127n)}`,
        `${2n ** 127n - 1n}`,
      ],
      ['UHUGEINT', ['0', `${2n ** 128n - 1n}`], 0, `${2n ** 128n - 1n}`],
      ['UBIGINT', ['0', `${2n ** 64n - 1n}`], 0, `${2n ** 64n - 1n}`],
      ['TINYINT', ['-128', '127'], -128, 127],
      [
        'DOUBLE',
        ['-1.7976931348623157e308', '1.7976931348623157e308'],
        -Number.MAX_VALUE,
        Number.MAX_VALUE,
      ],
      ['DOUBLE', ['5e-324', '1e-323'], 5e-324, 1e-323],
      ['FLOAT', ['-0.5', '3.4e38'], -0.5, Math.fround(3.4e38)],
      ['DECIMAL(38,38)', [`0.${'9'.repeat(38)}`, '0'], 0, `0.${'9'.repeat(38)}`],
      ['DATE', ['5881580-07-10', '5877642-06-25 (BC)'], '-5877641-06-25', '+5881580-07-10'],
      [
        'TIMESTAMP_NS',
        ['2262-04-11 23:47:16.854775806', '1969-12-31 23:59:59.999999999'],
        '1969-12-31T23:59:59.999999999',
        '2262-04-11T23:47:16.854775806',
      ],
      [
        'TIMESTAMP WITH TIME ZONE',
        ['2020-01-01 00:00:00+02', '0044-03-15 (BC) 00:00:00+00'],
        '-000043-03-15T00:00:00Z',
        '2019-12-31T22:00:00Z',
      ],
    ];
    const others = [
      'STRUCT(a INTEGER, b VARCHAR[])',
      'INTEGER[]',
      'INTEGER[2]',
      'MAP(VARCHAR, INTEGER)',
      'UUID',
      'INTERVAL',
      'BLOB',
      'BIT',
      `ENUM('b', 'a')`,
      'UNION(n INTEGER, t VARCHAR)',
      'JSON',
      'TIME WITH TIME ZONE',
      'TIMESTAMP_S',
      'TIMESTAMP_MS',
      'TIME_NS',
      'BIGNUM',
    ];
    const select = [
      ...extremes.map(
        ([type, values], index) =>
          `unnest(CAST([${values.map((v) => `'${v}'`).join(', ')}] AS ${type}[])) AS x${index}`,
      ),
      ...others.map((type, index) => `CAST(NULL AS ${type}) AS o${index}`),
      `unnest([[1, 2, 3], []]) AS list`,
      `unnest(['ab'::BLOB, 'c'::BLOB]) AS bytes`,
    ];
    await database.all(`CREATE TABLE extremes AS SELECT ${select.join(', ')}`);
    const described = await database.all('DESCRIBE extremes');
    const { columns: found } = await measure(
      'extremes',
      described.map(([name, type]) => ({ name: String(name), type: String(type) })),
    );
    const by = new Map(found.map((column) => [column.name, column]));
    extremes.forEach(([type, , min, max], index) => {
      const column = by.get(`x${index}`);
      expect([type, column?.min, column?.max]).toEqual([type, min, max]);
      expect(column?.histogram?.reduce((sum, { count }) => sum + count, 0)).toBe(2);
    });
    others.forEach((_, index) => {
      expect(by.get(`o${index}`)).toMatchObject({
        nulls: { count: 2, share: 1 },
        distinct: { value: 0 },
      });
    });
    expect(by.get('list')).toMatchObject({
      kind: 'list',
      lengths: { unit: 'items', min: 0, max: 3, mean: 1.5 },
    });
    expect(by.get('bytes')).toMatchObject({
      kind: 'binary',
      lengths: { unit: 'bytes', min: 1, max: 2 },
      topValues: { values: [{ value: 'YWI=' }, { value: 'Yw==' }] },
    });
  });

  it('take columns of any name, in several batches and without a copy alike', async () => {
    const [name, other] = [`a "b"; DROP TABLE x --`, 'SELECT'];
    await duck.database.all(
      `CREATE TABLE named AS SELECT 1 AS "a ""b""; DROP TABLE x --", 'x' AS "SELECT"`,
    );
    const of = [
      { name, type: 'INTEGER' },
      { name: other, type: 'VARCHAR' },
    ];
    const relation = { sql: 'named', rowIndex: 'rowid' };
    const whole = await computeStatistics(duck.database, relation, of);
    expect(whole.columns.map(({ min }) => min)).toEqual([1, 'x']);
    expect(
      await computeStatistics(duck.database, relation, of, { batch: 1, isCopied: false }),
    ).toEqual(whole);
  });

  it('show a long value by its beginning', async () => {
    const { columns: found } = await measure(`(SELECT repeat('🤦', 1001) AS t)`, [
      { name: 't', type: 'VARCHAR' },
    ]);
    expect(found[0]?.topValues.values).toEqual([
      { value: '🤦'.repeat(1000), truncated: true, count: 1 },
    ]);
    expect(found[0]?.min).toBe('🤦'.repeat(1000));
  });
});
