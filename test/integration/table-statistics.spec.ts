import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Column } from '../../src/core/contracts/dataset-reader.contract.js';
import type {
  ColumnStatisticsDto,
  StatisticValue,
} from '../../src/tabular/statistics/dto/statistics-of-table.dto.js';
import { computeStatistics } from '../../src/tabular/statistics/compute-statistics.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { type DuckDbForTests, duckDbForTests } from '../support/duckdb.js';

/** The same numbers in every run. */
function randomly(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

const random = randomly(6);
const pick = <T>(values: readonly T[]): T => values[Math.floor(random() * values.length)] as T;
const whole = (below: number): number => Math.floor(random() * below);
const pad = (value: number, digits = 2): string => String(value).padStart(digits, '0');
const date = (): string => `${pad(1 + whole(9999), 4)}-${pad(1 + whole(12))}-${pad(1 + whole(28))}`;
const clock = (): string => `${pad(whole(24))}:${pad(whole(60))}:${pad(whole(60))}.${whole(1000)}`;

/** Columns whose values are text that both engines read: [DuckDB's type, PostgreSQL's, a value]. */
const COLUMNS: Record<string, [string, string, () => string | null]> = {
  small: ['INTEGER', 'integer', () => String(whole(50) - 25)],
  big: ['BIGINT', 'bigint', () => String(2n ** 63n - 1n - BigInt(whole(1000)))],
  negative: ['BIGINT', 'bigint', () => String(-(2n ** 63n) + BigInt(whole(2)))],
  huge: [
    'HUGEINT',
    'numeric',
    () => `${pick(['', '-'])}17014118346046923173168730371588410${pad(whole(20) + 5700, 4)}`,
  ],
  decimal: [
    'DECIMAL(18,3)',
    'numeric',
    () => `${whole(2_000_000) - 1_000_000}.${pad(whole(1000), 3)}`,
  ],
  wide: ['DECIMAL(38,10)', 'numeric', () => `${whole(1e9)}${whole(1e9)}.${pad(whole(1e9), 10)}`],
  double: [
    'DOUBLE',
    'double precision',
    () => (random() < 0.1 ? pick(['NaN', 'Infinity', '-Infinity']) : String(random() ** 9 * 1e6)),
  ],
  overflowing: ['DOUBLE', 'double precision', () => pick(['1.5e308', '1.7e308', '1e308'])],
  text: [
    'VARCHAR',
    'text',
    () => pick(['', 'é', 'e\u0301', '🤦🏽‍♂️', '漢字', "it's", ' a', 'Ω', `z${whole(99)}`]),
  ],
  day: ['DATE', 'date', () => (random() < 0.01 ? 'infinity' : date())],
  moment: ['TIMESTAMP', 'timestamp', () => `${date()} ${clock()}`],
  hour: ['TIME', 'time', clock],
  truth: ['BOOLEAN', 'boolean', () => pick(['true', 'false', 'false'])],
  nothing: ['VARCHAR', 'text', () => null],
};

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
  const values = Object.values(COLUMNS).map(([, , value]) =>
    Array.from({ length: rows }, () => (random() < 0.1 ? null : value())),
  );
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

/** As PostgreSQL writes it, in the form of an answer. */
function like(answer: unknown, text: string | null): unknown {
  if (text === null) return null;
  if (typeof answer === 'number') return Number(text);
  return /^\d{4,}-\d\d-\d\d /.test(text) ? text.replace(' ', 'T') : text;
}

const literal = (value: StatisticValue): string => `'${value}'`;

/** Everything exact about a column, as PostgreSQL works it out. */
async function expectAsPostgres(table: string, column: ColumnStatisticsDto): Promise<void> {
  const { name: c, kind } = column;
  const isNumber = ['integer', 'float', 'decimal'].includes(kind);
  const outside = kind === 'float' ? `${c} IN ('NaN', 'Infinity', '-Infinity')` : 'false';
  const infinite = kind === 'date' ? `NOT isfinite(${c})` : outside;
  const sorted = kind === 'string' ? `${c} COLLATE "C"` : c;
  const finite = `FROM ${table} WHERE ${c} IS NOT NULL AND NOT (${infinite})`;
  const [counts] = await postgres.query<Record<string, number>>(
    `SELECT count(*) FILTER (WHERE ${c} IS NULL)::int AS nulls, count(DISTINCT ${c})::int AS distinct_values
     FROM ${table}`,
  );
  expect([c, column.nulls.count, column.distinct]).toEqual([
    c,
    counts?.['nulls'],
    { value: counts?.['distinct_values'], exactly: 'exact', method: 'count', error: 0 },
  ]);
  if (kind === 'boolean') {
    const [both] = await postgres.query(
      `SELECT count(*) FILTER (WHERE ${c})::int AS true, count(*) FILTER (WHERE NOT ${c})::int AS false FROM ${table}`,
    );
    expect(column.booleans).toEqual(both);
    return;
  }
  const [ends] = await postgres.query<Record<string, string>>(
    `SELECT min(${sorted})::text AS min, max(${sorted})::text AS max ${finite}`,
  );
  expect([c, column.min, column.max]).toEqual([
    c,
    like(column.min, ends?.['min'] ?? null),
    like(column.max, ends?.['max'] ?? null),
  ]);
  await expectTop(table, column, sorted);
  if (isNumber) {
    const [moments] = await postgres.query<{ mean: number; std: number }>(
      `SELECT avg(${c}::numeric)::float8 AS mean, stddev_samp(${c}::numeric)::float8 AS std ${finite}`,
    );
    expect(Number(column.mean) / (moments?.mean ?? 0)).toBeCloseTo(1, 9);
    expect(Number(column.std) / (moments?.std ?? 0)).toBeCloseTo(1, 6);
  }
  if (column.quantiles) await expectQuantiles(column, c, finite);
  if (column.histogram) await expectHistogram(column, c, finite);
  if (kind === 'string' && column.min !== null) {
    const [lengths] = await postgres.query(
      `SELECT 'characters' AS unit, min(char_length(${c})), max(char_length(${c})),
              avg(char_length(${c}))::float8 AS mean FROM ${table}`,
    );
    expect(column.lengths).toEqual({
      ...lengths,
      mean: expect.closeTo(Number(lengths?.['mean']), 9),
    });
  }
}

async function expectTop(table: string, column: ColumnStatisticsDto, sorted: string) {
  const { name: c, topValues } = column;
  expect(topValues.exactly).toBe('exact');
  const top = await postgres.query<{ value: string; count: number }>(
    `SELECT ${c}::text AS value, count(*)::int AS count FROM ${table} WHERE ${c} IS NOT NULL
     GROUP BY ${c} ORDER BY count DESC, ${sorted} LIMIT 10`,
  );
  expect(topValues.values).toEqual(
    top.map(({ value, count }, index) => ({
      value: like(topValues.values[index]?.value, value),
      truncated: false,
      count,
    })),
  );
}

async function expectQuantiles(column: ColumnStatisticsDto, c: string, finite: string) {
  const { quantiles, median } = column;
  const [x, way] = quantiles?.method === 'interpolated' ? [`${c}::float8`, 'cont'] : [c, 'disc'];
  const list = quantiles?.values.map(({ probability }) => probability).join(', ');
  const rows = await postgres.query<{ value: string }>(
    `SELECT unnest(percentile_${way}(ARRAY[${list}]) WITHIN GROUP (ORDER BY ${x}))::text AS value ${finite}`,
  );
  expect([quantiles?.exactly, quantiles?.error]).toEqual(['exact', 0]);
  for (const [index, { value }] of (quantiles?.values ?? []).entries()) {
    const other = like(value, rows[index]?.value ?? null);
    if (typeof value === 'number') expect(value / Number(other) || 1).toBeCloseTo(1, 9);
    else expect(value).toBe(other);
  }
  expect(median).toBe(quantiles?.values[3]?.value);
}

async function expectHistogram(
  { histogram, min, max }: ColumnStatisticsDto,
  c: string,
  finite: string,
) {
  const bins = histogram ?? [];
  const counts = bins.map(
    ({ from, to }, index) =>
      `count(*) FILTER (WHERE ${c} ${index === 0 ? '>=' : '>'} ${literal(from)} AND ${c} <= ${literal(to)})::int AS b${index}`,
  );
  const [row] = await postgres.query<Record<string, number>>(
    `SELECT ${counts.join(', ')} ${finite}`,
  );
  expect(bins.map(({ count }) => count)).toEqual(Object.values(row ?? {}));
  expect([bins[0]?.from, bins.at(-1)?.to, bins.length <= 20]).toEqual([min, max, true]);
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
      if (rows > 1) await expectAsPostgres(table, column);
      else expect([column.name, column.std]).toEqual([column.name, null]);
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
    const [truth] = await postgres.query<Record<string, number>>(
      `SELECT count(DISTINCT spread)::int AS spread, count(DISTINCT mostly)::int AS mostly FROM many`,
    );
    for (const column of [spread, mostly]) {
      const { value = 0, exactly, error = 0 } = column?.distinct ?? {};
      expect(exactly).toBe('estimated');
      expect(error).toBeLessThan(0.05);
      // The hashes are the same in every run, so this is no matter of chance.
      expect(Math.abs((truth?.[column?.name ?? ''] ?? 0) - value) / value).toBeLessThan(error);
    }
    expect(mostly?.topValues).toMatchObject({
      exactly: 'estimated',
      values: [{ value: 'often', count: rows / 20 }],
    });
    for (const column of [spread, root]) {
      const { exactly, error = 0, values = [] } = column?.quantiles ?? {};
      expect(exactly).toBe('estimated');
      expect(error).toBeLessThan(0.02);
      for (const { probability, value } of values) {
        const [rank] = await postgres.query<{ below: number; upto: number }>(
          `SELECT avg((${column?.name} < $1::float8)::int)::float8 AS below,
                  avg((${column?.name} <= $1::float8)::int)::float8 AS upto FROM many`,
          [value],
        );
        const slack = error + 1e-9;
        expect(probability).toBeGreaterThanOrEqual((rank?.below ?? 1) - slack);
        expect(probability).toBeLessThanOrEqual((rank?.upto ?? 0) + slack);
      }
    }
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
