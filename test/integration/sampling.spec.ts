import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  AllocationImpossibleError,
  EmptyPopulationError,
  InvalidWeightsError,
  SampleTooLargeError,
  TooManyGroupsError,
} from '../../src/analysis/sampling/sampling.errors.js';
import { InvalidFilterError, UnknownColumnError } from '../../src/tabular/tabular.errors.js';
import { SamplingLab, type Parameters } from '../support/sampling-lab.js';

/** Of every method; with more rows than Parquet has in a group, and more than DuckDB works on at a time. */
const METHODS: [string, Parameters][] = [
  ['random', { method: 'random', rows: 130_000 }],
  ['random share', { method: 'random', fraction: 0.01 }],
  ['random, of some rows', { method: 'random', fraction: 0.1, where: 'x > 0.5' }],
  ['reservoir', { method: 'reservoir', rows: 1000 }],
  ['systematic', { method: 'systematic', rows: 12_345 }],
  ['systematic, of some rows', { method: 'systematic', rows: 12_345, where: 'x > 0.5' }],
  ['stratified', { method: 'stratified', stratifyBy: ['g', 'h'], fraction: 0.02 }],
  [
    'stratified with replacement',
    { method: 'stratified', stratifyBy: 'h', rows: 5000, replacement: true, includeWeights: true },
  ],
  ['cluster', { method: 'cluster', clusterBy: 'g', clusters: 40, includeWeights: true }],
  ['cluster by rows', { method: 'cluster', clusterBy: ['g'], rows: 2000 }],
  ['weighted', { method: 'weighted', weight: 'x', rows: 10_000 }],
  [
    'weighted with replacement',
    { method: 'weighted', weight: 'x', rows: 10_000, replacement: true, includeWeights: true },
  ],
];
const ROWS = `SELECT range AS id, hash(range) % 1000 AS g, CASE WHEN range % 7 > 0 THEN 'h' || range % 7 END AS h,
  hash(range, 'x') / 18446744073709551616.0 AS x FROM range(200000)`;

type Of = [select: string, threads?: number, isScanned?: boolean];

let folder: string;
const labs: SamplingLab[] = [];
const labOf = async (...of: Of): Promise<SamplingLab> => {
  const lab = await SamplingLab.of(...of);
  labs.push(lab);
  return lab;
};

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'stratum-sampling-'));
});
afterAll(async () => {
  for (const lab of labs) lab.close();
  await rm(folder, { recursive: true, force: true });
});

describe('The same sample', () => {
  let tables: SamplingLab[];

  beforeAll(async () => {
    const csv = join(folder, 'rows.csv');
    const first = await labOf(ROWS, 1);
    await first.all(`COPY rows TO '${csv}'`);
    const read = `SELECT * FROM read_csv('${csv}', columns = {id: BIGINT, g: BIGINT, h: VARCHAR, x: DOUBLE})`;
    tables = [await labOf(read, 1, true), await labOf(read, 8, true), await labOf(read, 2)];
  });

  it.each(METHODS)('has the same bytes whatever the threads: %s', async (_, parameters) => {
    const path = join(folder, 'out.parquet');
    const digests = new Set<string>();
    for (const table of tables) digests.add(await table.digest(parameters, 7, path));
    expect(digests.size).toBe(1);
  });

  it('has the same rows in every format', async () => {
    const [table] = tables as [SamplingLab];
    const parameters = { method: 'random', rows: 100, columns: ['id', 'g'] };
    const { rows } = await table.draw(parameters, 7);
    for (const format of ['parquet', 'csv', 'json']) {
      const path = join(folder, `same.${format}`);
      await table.digest(parameters, 7, path, `FORMAT ${format}`);
      expect(await table.all(`SELECT id, g FROM '${path}'`)).toEqual(rows);
    }
  });

  it('is the one that it always was', async () => {
    const { rows } = await (tables[2] as SamplingLab).draw({
      method: 'random',
      rows: 3,
      columns: ['id'],
    });
    expect(rows).toEqual([[8355], [131177], [198882]]);
  });
});

describe('A sample', () => {
  it('has the allocation of the shares, also of strata that are too small to be met at once', async () => {
    // One stratum of 100,000 rows, 500 of 2, and 10 of 1.
    const lab = await labOf(
      `SELECT range AS id, CASE WHEN range < 100000 THEN -1 WHEN range < 101000 THEN range // 2 ELSE range END AS g FROM range(101010)`,
    );
    const asked = { method: 'stratified', stratifyBy: 'g', fraction: 0.02, minimumPerStratum: 1 };
    const counts = await lab.ask(
      asked,
      1,
      'SELECT g = -1, count(DISTINCT g), count(*) FROM s GROUP BY ALL ORDER BY 1',
    );
    expect(counts).toEqual([
      [false, 510, 510],
      [true, 1, 1510],
    ]);
  });

  it('keeps values of every type, and columns whose names are ours', async () => {
    const select = `SELECT range AS i, [range, NULL] AS c0, {'a': range, 'b': [DATE '2020-01-01']} AS gathered, MAP {'k': range} AS n,
      CASE WHEN range % 2 = 0 THEN 'x' END::ENUM ('x') AS near, INTERVAL (range) DAY AS s0, '\\xAA'::BLOB AS "w", range::DECIMAL(38, 3) AS key,
      uuid '00000000-0000-0000-0000-000000000001' AS stratum, '{"a": 1}'::JSON AS _weight, range::HUGEINT AS "a ""b", 'NaN'::DOUBLE AS o,
      union_value(num := range) AS u, '101'::BIT AS bits, TIMESTAMPTZ '2020-01-01 00:00:00+00' AS z FROM range(30)`;
    const lab = await labOf(select);
    const all = await lab.all('FROM rows');
    for (const parameters of [
      { method: 'random', fraction: 0.5 },
      { method: 'stratified', stratifyBy: ['near', 'gathered'], rows: 1, allocation: 'fixed' },
      { method: 'stratified', stratifyBy: ['near'], fraction: 0.4 },
      { method: 'cluster', clusterBy: ['stratum', 'o'], clusters: 1 },
      { method: 'weighted', weight: 'key', rows: 20 },
      { method: 'systematic', rows: 11 },
    ]) {
      const { rows } = await lab.draw({
        ...parameters,
        includeWeights: parameters.method !== 'weighted',
      });
      expect(rows.length).toBeGreaterThan(10);
      for (const row of rows) expect(row.slice(0, 15)).toEqual(all[Number(row[0])]);
    }
    await lab.ask(
      { method: 'random', rows: 1, includeWeights: true },
      1,
      'SELECT __weight, _weight FROM s',
    );
  });

  it('of systematic rows has every N/n-th, by intervals that differ by one', async () => {
    const lab = await labOf('SELECT range AS id FROM range(1000)');
    for (const size of [1, 3, 7, 300, 999, 1000]) {
      const { rows } = await lab.draw({ method: 'systematic', rows: size }, size);
      const ids = rows.map(([id]) => Number(id));
      expect(ids).toHaveLength(size);
      const steps = ids.map((id, at) => (ids[at + 1] ?? (ids[0] ?? 0) + 1000) - id);
      for (const step of steps) expect(Math.abs(step - 1000 / size)).toBeLessThan(1);
    }
  });

  it('of extreme weights prefers none of the same weight', async () => {
    const lab = await labOf(
      'SELECT range AS id, CASE WHEN range % 2 = 0 THEN 1e-320 ELSE 1e300 END AS w FROM range(2000)',
    );
    const [[light, heavy, early] = []] = await lab.ask(
      { method: 'weighted', weight: 'w', rows: 1500 },
      1,
      'SELECT count(*) FILTER (w < 1), count(*) FILTER (w > 1), count(*) FILTER (w < 1 AND id < 1000) FROM s',
    );
    expect([light, heavy]).toEqual([500, 1000]);
    expect(Math.abs(Number(early) - 250)).toBeLessThan(45);
  });
});

describe('What the table does not give is refused', () => {
  let lab: SamplingLab;

  beforeAll(async () => {
    lab =
      await labOf(`SELECT range AS id, range // 4 AS g, CASE range WHEN 3 THEN NULL ELSE 1 END AS missing,
      CASE range WHEN 3 THEN -0.5 ELSE 1 END AS negative, CASE range WHEN 3 THEN 'NaN'::DOUBLE ELSE 1 END AS nan,
      CASE range WHEN 3 THEN '-Infinity'::DOUBLE WHEN 4 THEN 'Infinity' ELSE 1 END AS infinite, 0 AS zero, 1e308 AS huge, 'a' AS text,
      range = 1 AS single FROM range(10)`);
  });

  it.each<[string, Parameters, new (...of: never[]) => Error, RegExp]>([
    [
      'a column',
      { method: 'stratified', stratifyBy: ['g', 'x'], rows: 1 },
      UnknownColumnError,
      /x \(\/parameters\/stratifyBy\/1\).* id, g/,
    ],
    [
      'a cluster column',
      { method: 'cluster', clusterBy: 'x', rows: 1 },
      UnknownColumnError,
      /clusterBy\/0/,
    ],
    [
      'a weight',
      { method: 'weighted', weight: 'x', rows: 1 },
      UnknownColumnError,
      /\/parameters\/weight/,
    ],
    [
      'a column of the filter',
      { method: 'random', rows: 1, where: 'x = 1' },
      UnknownColumnError,
      /x/,
    ],
    [
      'a filter of another type',
      { method: 'random', rows: 1, where: "id = 'a'" },
      InvalidFilterError,
      /id/,
    ],
    ['rows', { method: 'random', rows: 11 }, SampleTooLargeError, /^11 rows .* 10\./],
    [
      'rows that fulfil',
      { method: 'random', rows: 11, where: 'id > 4' },
      SampleTooLargeError,
      /^11 rows .* 5\./,
    ],
    [
      'systematic rows',
      { method: 'systematic', rows: 11 },
      SampleTooLargeError,
      /^11 rows .* 10\./,
    ],
    [
      'rows of strata in all',
      { method: 'stratified', stratifyBy: 'g', rows: 11 },
      SampleTooLargeError,
      /^11 rows .* 10\./,
    ],
    [
      'rows of one stratum',
      { method: 'stratified', stratifyBy: 'g', rows: 3, allocation: 'fixed' },
      SampleTooLargeError,
      /^3 rows of the stratum 2 .* 2\./,
    ],
    [
      'minima',
      { method: 'stratified', stratifyBy: 'g', rows: 7, minimumPerStratum: 3 },
      AllocationImpossibleError,
      /8 rows .* 7\./,
    ],
    [
      'clusters',
      { method: 'cluster', clusterBy: 'g', clusters: 4 },
      SampleTooLargeError,
      /^4 clusters .* 3\./,
    ],
    [
      'rows of clusters',
      { method: 'cluster', clusterBy: 'g', rows: 11 },
      SampleTooLargeError,
      /^11 rows .* 10\./,
    ],
    [
      'weighted rows',
      { method: 'weighted', weight: 'single', rows: 1 },
      InvalidWeightsError,
      /BOOLEAN/,
    ],
    ['no rows', { method: 'random', rows: 1, where: 'id < 0' }, EmptyPopulationError, /`where`/],
    [
      'no rows of strata',
      { method: 'stratified', stratifyBy: 'g', rows: 1, where: 'id < 0' },
      EmptyPopulationError,
      /`where`/,
    ],
    [
      'no systematic rows',
      { method: 'systematic', rows: 1, where: 'id < 0' },
      EmptyPopulationError,
      /`where`/,
    ],
    [
      'no clusters',
      { method: 'cluster', clusterBy: 'g', rows: 1, where: 'id < 0' },
      EmptyPopulationError,
      /`where`/,
    ],
    [
      'no weighted rows',
      { method: 'weighted', weight: 'id', rows: 1, where: 'id < 0' },
      EmptyPopulationError,
      /`where`/,
    ],
    [
      'null weights',
      { method: 'weighted', weight: 'missing', rows: 1 },
      InvalidWeightsError,
      /10 rows.*missing: 1 have no weight/,
    ],
    [
      'negative weights',
      { method: 'weighted', weight: 'negative', rows: 1 },
      InvalidWeightsError,
      /1 have a negative/,
    ],
    [
      'NaN',
      { method: 'weighted', weight: 'nan', rows: 1 },
      InvalidWeightsError,
      /1 have the weight NaN\./,
    ],
    [
      'infinite weights',
      { method: 'weighted', weight: 'infinite', rows: 1 },
      InvalidWeightsError,
      /2 have an infinite/,
    ],
    [
      'weights of zero',
      { method: 'weighted', weight: 'zero', rows: 1 },
      InvalidWeightsError,
      /All 10/,
    ],
    [
      'texts as weights',
      { method: 'weighted', weight: 'text', rows: 1 },
      InvalidWeightsError,
      /VARCHAR/,
    ],
    [
      'weights without a sum',
      { method: 'weighted', weight: 'huge', rows: 1, replacement: true },
      InvalidWeightsError,
      /sum/,
    ],
    [
      'positive weights',
      { method: 'weighted', weight: 'id', rows: 10 },
      SampleTooLargeError,
      /^10 rows with a weight above 0 .* 9\./,
    ],
  ])('%s', async (_, parameters, type, detail) => {
    const failure = await lab.draw(parameters).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(type);
    expect((failure as Error).message).toMatch(detail);
  });

  it('an empty table, and too many strata or clusters', async () => {
    const empty = await labOf('SELECT 1 AS id WHERE false');
    await expect(empty.draw({ method: 'random', rows: 1 })).rejects.toThrow('no rows');
    const [many, wide] = [
      await labOf('SELECT range AS id FROM range(10001)'),
      await labOf('SELECT range AS id FROM range(1000001)'),
    ];
    const strata = many.draw({ method: 'stratified', stratifyBy: 'id', fraction: 0.1 });
    await expect(strata).rejects.toThrow(TooManyGroupsError);
    const clusters = wide.draw({ method: 'cluster', clusterBy: 'id', clusters: 1 });
    await expect(clusters).rejects.toThrow(/1000001 clusters/);
  });
});
