import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ResultSweeper } from '../../src/tabular/results/result-sweeper.service.js';
import { startTestApp, type TestApp } from '../support/app.js';
import { expectProblem } from '../support/problems.js';
import { flipBit, objectOf } from '../support/storage-damage.js';
import { tablesApi } from '../support/tables.js';

const FLIGHTS = readFileSync('node_modules/vega-datasets/data/flights-3m.parquet');

interface Job {
  id: string;
  kind: string;
  status: string;
}

describe('What takes longer than the caller waits', () => {
  let app: TestApp;
  beforeAll(async () => {
    app = await startTestApp({ WORKERS: '1' });
  });
  afterAll(() => app.stop());

  it('goes on as a job, and is there when that has succeeded', async () => {
    const id = await tablesApi(app).dataset({ 'flights.parquet': FLIGHTS });
    const path = `/v1/datasets/${id}/versions/1/statistics?path=flights.parquet`;
    const accepted = await app.fetch(path, { headers: { Prefer: 'wait=0' } });
    expect([accepted.status, accepted.headers.get('retry-after')]).toEqual([202, '2']);
    const location = accepted.headers.get('location') ?? '';
    let job: Job;
    do {
      await sleep(100);
      job = await app.json<Job>(200, location);
    } while (job.status === 'queued' || job.status === 'running');
    expect(job.status).toBe('succeeded');
    // Somebody else's work of this kind can't be asked for by name, and it is in nobody's list.
    expect(await app.json(200, '/v1/jobs')).toMatchObject({ items: [] });
    const answer = await app.json<{ rowCount: number }>(200, path, {
      headers: { Prefer: 'wait=0' },
    });
    expect(answer.rowCount).toBe(3_000_000);
  }, 120_000);
});

describe('Results', () => {
  let app: TestApp;
  beforeAll(async () => {
    app = await startTestApp({ STORAGE_BACKEND: 'memory', ENGINE_CACHE_BYTES: '10' });
  });
  afterAll(() => app.stop());
  const kept = async (): Promise<{ kind: string }[]> =>
    await app.database.query<{ kind: string }>('SELECT kind FROM derived_results ORDER BY kind');

  it('are kept by content, for every dataset that has it, until nobody has', async () => {
    const tables = tablesApi(app);
    const content = 'a,b\n1,x\n2,y\n';
    const ids = [
      await tables.dataset({ 'one.csv': content }),
      await tables.dataset({ 'two.csv': content }),
    ];
    const read = async (id: string, path: string): Promise<unknown> =>
      await (await tables.get(id, 'statistics', { path })).json();
    const [first, second] = [
      await read(ids[0] ?? '', 'one.csv'),
      await read(ids[1] ?? '', 'two.csv'),
    ];
    expect(second).toEqual(first);
    while ((await kept()).length < 2) await sleep(20);
    expect((await kept()).filter(({ kind }) => kind === 'statistics')).toHaveLength(1);

    const sweeper = app.app.get(ResultSweeper);
    expect(await sweeper.sweep()).toBe(0);
    await app.database.query(`UPDATE derived_results SET used_at = now() - interval '31 days'`);
    expect(await sweeper.sweep()).toBeGreaterThanOrEqual(2);
    expect(await kept()).toEqual([]);
  });

  it('are made of copies where the store has no files, as many as there is room for', async () => {
    const tables = tablesApi(app);
    const id = await tables.dataset({ 'a.csv': 'n\n1\n', 'b.csv': 'n\n2\n' });
    for (const [path, n] of [
      ['a.csv', 1],
      ['b.csv', 2],
      ['a.csv', 1],
    ] as const) {
      expect((await tables.rows(id, { path, limit: '7' })).items[0]?.row).toEqual({ n });
    }
    const cache = join(app.env.STRATUM_DATA_DIR, 'cache');
    expect(existsSync(cache) && readdirSync(cache).length).toBeLessThanOrEqual(2);
  });
});

describe('Bytes that have rotted', () => {
  let app: TestApp;
  beforeAll(async () => {
    app = await startTestApp();
  });
  afterAll(() => app.stop());

  it('make no statistics: contents that nobody has looked at for a day are verified', async () => {
    const id = await tablesApi(app).dataset({ 'a.csv': 'n\n1\n2\n' });
    const [file] = await app.database.query<{ id: number }>('SELECT id FROM files ORDER BY id');
    await flipBit(await objectOf(app, file?.id ?? 0), 2);
    await app.database.query(`UPDATE files SET created_at = now() - interval '25 hours'`);
    const answer = await tablesApi(app).get(id, 'statistics', { path: 'a.csv' });
    await expectProblem(answer, 500, 'object-corrupt');
    const kept = 'SELECT count(*)::int FROM derived_results WHERE kind = $1';
    expect(await app.database.query(kept, ['statistics'])).toEqual([{ count: 0 }]);
  });

  it('were right when they were right, until a day has passed', async () => {
    const id = await tablesApi(app).dataset({ 'b.csv': 'n\n3\n' });
    await app.database.query(
      `UPDATE files SET created_at = now() - interval '25 hours', last_verified_at = NULL`,
    );
    const age = `SELECT max(last_verified_at) > now() - interval '1 minute' AS fresh FROM files`;
    expect(await app.database.query(age)).toEqual([{ fresh: null }]);
    expect((await tablesApi(app).get(id, 'statistics', { path: 'b.csv' })).status).toBe(200);
    expect(await app.database.query(age)).toEqual([{ fresh: true }]);
  });
});
