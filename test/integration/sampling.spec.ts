import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
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
