import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startTestApp, type TestApp } from '../support/app.js';
import { expectFailure, jobsApi, type Job } from '../support/jobs.js';
import { expectProblem } from '../support/problems.js';
import { tablesApi } from '../support/tables.js';

interface Row {
  id: number;
  region: string | null;
  school: string;
  size: number;
  [column: string]: unknown;
}

const REGIONS = ['north', 'south', 'south', 'south', 'east', 'east', null];
/** 700 rows: 100 in the north, 300 in the south, 200 in the east, 100 without a region. */
const ROWS: Row[] = Array.from({ length: 700 }, (_, id) => ({
  id,
  region: REGIONS[id % 7] ?? null,
  school: `s${id % 20}`,
  size: id % 10,
}));
const csvOf = (rows: readonly Row[]): string =>
  `id,region,school,size\n${rows.map((row) => Object.values(row).join(',')).join('\n')}\n`;

let app: TestApp;
let datasetId: string;

beforeAll(async () => {
  app = await startTestApp({ WORKERS: '2', JOBS_QUEUED_PER_USER: '50' });
  datasetId = await tablesApi(app).dataset({
    'schools.csv': csvOf(ROWS),
    'numbers.csv': `n\n${Array.from({ length: 10_001 }, (_, n) => n).join('\n')}\n`,
    'parts/1.csv': csvOf(ROWS.slice(0, 300)),
    'parts/2.csv': csvOf(ROWS.slice(300)),
  });
});
afterAll(() => app.stop());

const submit = async (parameters: object, path: string | null = 'schools.csv') =>
  await jobsApi(app).post({
    kind: 'sampling',
    source: { datasetId, ref: 'latest', ...(path !== null && { path }) },
    parameters,
  });

async function sampled(parameters: object, path?: string): Promise<Job> {
  const answer = await submit(parameters, path);
  const job = (await answer.json()) as Job;
  if (answer.status !== 202) throw new Error(JSON.stringify(job));
  return await jobsApi(app).ended(job.id);
}

const fileOf = async ({ outputs }: Job) =>
  await app.json<{ contentHash: string; fileType: string; metadata: Record<string, unknown> }>(
    200,
    `/v1/files/${outputs[0]?.fileId}`,
  );

/** The rows of a sample in JSON Lines, and what is told of it. */
async function sample(parameters: object, path?: string) {
  const job = await sampled({ format: 'json', seed: 11, ...parameters }, path);
  expect(job).toMatchObject({ status: 'succeeded', outputs: [{ name: 'sample' }] });
  const content = await app.fetch(`/v1/files/${job.outputs[0]?.fileId}/content`);
  const lines = (await content.text()).trimEnd().split('\n');
  const { metadata } = await fileOf(job);
  return { job, metadata, rows: lines.map((line) => JSON.parse(line) as Row) };
}

const countBy = (rows: readonly Row[], column: string): Record<string, number> => {
  const counts: Record<string, number> = {};
  for (const row of rows) counts[String(row[column])] = (counts[String(row[column])] ?? 0) + 1;
  return counts;
};

/** That they are rows of the table, in its order. */
function expectSubset(rows: readonly Row[], isRepeated = false): void {
  for (const { id, region, school, size } of rows) {
    expect({ id, region, school, size }).toEqual(ROWS[id]);
  }
  const ids = rows.map(({ id }) => id);
  expect(ids).toEqual([...ids].sort((a, b) => a - b));
  expect(new Set(ids).size === ids.length).toBe(!isRepeated);
}

describe('A sample', () => {
  it('of rows at random is told with where it comes from', async () => {
    const { rows, metadata, job } = await sample({ method: 'random', rows: 50 });
    expectSubset(rows);
    expect(rows).toHaveLength(50);
    expect(metadata).toEqual({
      analysis_type: 'sampling',
      source_dataset_id: datasetId,
      source_version_id: (job['source'] as { versionId: string }).versionId,
      source_version_number: 1,
      source_path: 'schools.csv',
      job_id: job.id,
      seed: 11,
      method: 'random',
      replacement: false,
      format: 'json',
      rows: 50,
      population: 700,
    });
  });

  it.each([
    ['a share', { method: 'random', fraction: 0.1 }, 70],
    ['a reservoir', { method: 'reservoir', rows: 30 }, 30],
    ['a reservoir that is larger than the table', { method: 'reservoir', rows: 1000 }, 700],
    ['systematic', { method: 'systematic', fraction: 0.07 }, 49],
    ['weighted', { method: 'weighted', rows: 40, weight: 'size' }, 40],
    ['filtered', { method: 'random', rows: 7, where: "region = 'north' and size > 4" }, 7],
  ])('that is %s has so many rows of the table', async (_, parameters, count) => {
    const { rows, metadata } = await sample(parameters);
    expectSubset(rows);
    expect(rows).toHaveLength(count);
    expect(metadata['rows']).toBe(count);
    if ('weight' in parameters) for (const { size } of rows) expect(size).toBeGreaterThan(0);
    if ('where' in parameters) {
      expect(metadata['population']).toBe(
        ROWS.filter(({ region, size }) => region === 'north' && size > 4).length,
      );
      expect(new Set(rows.map(({ region }) => region))).toEqual(new Set(['north']));
    }
  });

  it('that is stratified has rows of each stratum in proportion, and their weights', async () => {
    const asked = { method: 'stratified', rows: 70, stratifyBy: ['region'], includeWeights: true };
    const { rows, metadata } = await sample(asked);
    expectSubset(rows);
    expect(countBy(rows, 'region')).toEqual({ north: 10, south: 30, east: 20, null: 10 });
    for (const row of rows) expect(row['_weight']).toBe(10);
    expect(metadata).toMatchObject({
      strata: 4,
      allocation: 'proportional',
      stratify_by: ['region'],
    });
  });

  it.each([
    [{ fraction: 0.01 }, { north: 1, south: 3, east: 2, null: 1 }],
    [
      { rows: 8, allocation: 'fixed' },
      { north: 8, south: 8, east: 8, null: 8 },
    ],
    [
      { rows: 13, minimumPerStratum: 3 },
      { north: 3, south: 4, east: 3, null: 3 },
    ],
  ])('that is stratified by %j', async (parameters, counts) => {
    const { rows } = await sample({ method: 'stratified', strata: ['region'], ...parameters });
    expectSubset(rows);
    expect(countBy(rows, 'region')).toEqual(counts);
  });

  it('of clusters has each of them whole', async () => {
    const { rows, metadata } = await sample({
      method: 'cluster',
      clusters: 3,
      clusterBy: 'school',
    });
    expectSubset(rows);
    expect(Object.values(countBy(rows, 'school'))).toEqual([35, 35, 35]);
    expect(metadata).toMatchObject({ clusters: 3, clusters_population: 20, population: 700 });
  });

  it.each([
    ['rows', { method: 'random', rows: 1500 }, 1500],
    ['rows of strata', { method: 'stratified', stratifyBy: 'region', rows: 1400 }, 1400],
    ['clusters', { method: 'cluster', clusterBy: 'school', clusters: 30 }, 1050],
    ['weighted rows', { method: 'weighted', weight: 'size', rows: 900 }, 900],
  ])('with replacement has %s more than once', async (_, parameters, count) => {
    const { rows } = await sample({ ...parameters, replacement: true });
    expectSubset(rows, true);
    expect(rows).toHaveLength(count);
  });

  it('of a folder is one of all its files, whichever way its rows are counted', async () => {
    for (const parameters of [
      { method: 'systematic', rows: 70 },
      { method: 'random', fraction: 0.2 },
      { method: 'random', rows: 300, replacement: true },
    ]) {
      const [whole, parts] = [await sample(parameters), await sample(parameters, 'parts/')];
      expect(parts.metadata['population']).toBe(700);
      expect(parts.rows).toHaveLength(whole.rows.length);
      expectSubset(parts.rows, 'replacement' in parameters);
      if (parameters.method === 'systematic') expect(parts.rows).toEqual(whole.rows);
    }
  });

  it.each([
    [{ format: 'parquet', compression: 'zstd' }, 'parquet'],
    [{}, 'parquet'],
    [{ format: 'csv', columns: ['region', 'id'] }, 'csv'],
    [{ format: 'json' }, 'jsonl'],
    [{ format: 'arrow' }, 'arrow'],
  ])('as %j has the same bytes each time', async (how, fileType) => {
    const asked = { method: 'random', fraction: 0.5, seed: -5, ...how };
    const files = [await fileOf(await sampled(asked)), await fileOf(await sampled(asked))] as const;
    expect(files[0].fileType).toBe(fileType);
    expect(files[1].contentHash).toBe(files[0].contentHash);
    const other = await fileOf(await sampled({ ...asked, seed: -6 }));
    expect(other.contentHash).not.toBe(files[0].contentHash);
  });
});

describe('What makes no sense', () => {
  it.each([
    ['/source/path', {}, null],
    ['/parameters/method', { method: 'best', rows: 1 }],
    ['/parameters/rows', { method: 'random' }],
    ['/parameters/rows', { method: 'random', rows: 1, fraction: 0.5 }],
    ['/parameters/rows', { method: 'random', rows: 0 }],
    ['/parameters/rows', { method: 'random', rows: 1.5 }],
    ['/parameters/fraction', { method: 'random', fraction: 0 }],
    ['/parameters/fraction', { method: 'random', fraction: 1.1 }],
    ['/parameters/seed', { method: 'random', rows: 1, seed: 2 ** 53 }],
    ['/parameters/seed', { method: 'random', rows: 1, seed: '1' }],
    ['/parameters/stratifyBy', { method: 'stratified', rows: 1 }],
    ['/parameters/stratifyBy', { method: 'random', rows: 1, stratifyBy: ['region'] }],
    [
      '/parameters/fraction',
      { method: 'stratified', strata: 'a', allocation: 'fixed', fraction: 0.1 },
    ],
    ['/parameters/clusterBy', { method: 'cluster', clusters: 1 }],
    ['/parameters/weight', { method: 'weighted', rows: 1 }],
    ['/parameters/replacement', { method: 'systematic', rows: 1, replacement: true }],
    [
      '/parameters/includeWeights',
      { method: 'weighted', weight: 'a', rows: 1, includeWeights: true },
    ],
    ['/parameters/compression', { method: 'random', rows: 1, format: 'csv', compression: 'zstd' }],
    ['/parameters/colour', { method: 'random', rows: 1, colour: 'red' }],
  ])(
    'is refused at once, at %s',
    async (pointer, parameters, path: string | null = 'schools.csv') => {
      const problem = await expectProblem(await submit(parameters, path), 400, 'validation-failed');
      expect((problem['errors'] as { pointer: string }[]).map((one) => one.pointer)).toContain(
        pointer,
      );
    },
  );

  it('is refused at once where the filter can not be understood', async () => {
    const answer = await submit({ method: 'random', rows: 1, where: 'id >' });
    await expectProblem(answer, 400, 'filter-invalid');
  });

  it('ends the job with the reason where only the table shows it', async () => {
    const strata = { method: 'stratified', stratifyBy: ['region'] };
    const jobs = [
      { method: 'random', rows: 1, columns: ['id', 'colour'] },
      { method: 'random', rows: 701 },
      { ...strata, rows: 10, minimumPerStratum: 3 },
      { method: 'stratified', stratifyBy: ['n'], rows: 10 },
      { method: 'random', rows: 1, where: 'id < 0' },
      { method: 'weighted', rows: 1, weight: 'region' },
    ].map((parameters, at) => sampled(parameters, at === 3 ? 'numbers.csv' : undefined));
    const [unknown, large, minima, many, empty, weights] = (await Promise.all(jobs)) as [
      Job,
      Job,
      Job,
      Job,
      Job,
      Job,
    ];
    expectFailure(unknown, 'column-unknown', /colour \(\/parameters\/columns\/1\).*id, region/);
    expectFailure(large, 'sample-too-large', /701 rows.*700/);
    expectFailure(minima, 'allocation-impossible', /12 rows.*10/);
    expectFailure(many, 'too-many-groups', /10001 strata.*10000/);
    expectFailure(empty, 'population-empty', /`where`/);
    expectFailure(weights, 'weights-invalid', /VARCHAR/);
  });
});
