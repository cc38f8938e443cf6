import { randomBytes, randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import type { Api } from '../support/api.js';
import { startTestApp, type TestApp } from '../support/app.js';
import { addCaller, startReplica } from '../support/callers.js';
import { datasetsApi } from '../support/datasets.js';
import { expectProblem } from '../support/problems.js';
import { objectOf } from '../support/storage-damage.js';

interface Run {
  id: string;
  status: string;
  progress: { phase: string; files: number; filesTotal: number; objects: number; bytes: number };
  findings: { kind: string; outcome: string; fileId?: number; uses?: string[] }[];
  byKind: Record<string, number>;
  left: number;
  [field: string]: unknown;
}

const ROUTE = '/v1/admin/fsck';

let app: TestApp;
let replica: Awaited<ReturnType<typeof startReplica>>;
beforeAll(async () => {
  app = await startTestApp();
  replica = await startReplica(app);
});
afterAll(async () => {
  await replica.stop();
  await app.stop();
});

const post = (body: object, api: Api = app) => datasetsApi(api).json('POST', ROUTE, body);

async function started(body: object = {}): Promise<Run> {
  const answer = await post(body);
  expect(answer.status).toBe(202);
  const run = (await answer.json()) as Run;
  expect(answer.headers.get('location')).toBe(`${ROUTE}/${run.id}`);
  expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
  return run;
}

async function ended(id: string, api: Api = app): Promise<Run> {
  for (let tries = 0; tries < 500; tries += 1) {
    const run = await api.json<Run>(200, `${ROUTE}/${id}`);
    if (run.status !== 'running') return run;
    await delay(20);
  }
  throw new Error('It does not end.');
}

/** While this works, a check waits at its first look at the files. */
async function whileHeld<T>(work: () => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: app.database.url });
  await client.connect();
  await client.query('BEGIN; LOCK TABLE files IN ACCESS EXCLUSIVE MODE');
  try {
    return await work();
  } finally {
    await client.query('ROLLBACK');
    await client.end();
  }
}

const actionsOn = async (id: string): Promise<unknown[]> =>
  (
    await app.database.query(
      `SELECT action FROM audit_log WHERE targets @> ARRAY[$1] ORDER BY id`,
      [`fsck:${id}`],
    )
  ).map(({ action }) => action);

describe('A check of the store', () => {
  it('runs in the background, tells what it finds and who is hit, and repairs what it may', async () => {
    const datasets = datasetsApi(app);
    const content = randomBytes(1000);
    const whole = await datasets.upload(randomBytes(2000));
    const lost = await datasets.upload(content);
    await rm(await objectOf(app, lost));
    await app.database.query('UPDATE files SET reference_count = 7 WHERE id = $1', [whole]);
    const looked = await ended((await started({ readData: 100 })).id);
    expect(looked).toMatchObject({
      status: 'succeeded',
      readData: 100,
      repair: false,
      error: null,
      progress: { phase: 'uses', files: 2, filesTotal: 2, objects: 1, bytes: 2000 },
      byKind: { 'object-missing': 1, 'count-wrong': 1 },
      left: 2,
    });
    const missing = looked.findings.find(({ kind }) => kind === 'object-missing');
    expect(missing).toMatchObject({
      fileId: lost,
      contentHash: expect.stringMatching(/^sha256:/),
      outcome: 'reported',
      uses: [expect.stringMatching(/^hold of .*data\.csv/)],
    });
    const mended = await ended((await started({ repair: true })).id);
    expect(mended.left).toBe(1);
    expect(mended.findings.map(({ kind, outcome }) => [kind, outcome])).toEqual(
      expect.arrayContaining([
        ['count-wrong', 'healed'],
        ['object-missing', 'marked'],
      ]),
    );
    await datasets.upload(content);
    expect(await ended((await started({ readData: 100 })).id)).toMatchObject({
      left: 0,
      findings: [],
    });
    expect(await actionsOn(mended.id)).toEqual(['fsck.start']);
  });

  it('runs once at a time, on all replicas, and is cancelled from any of them', async () => {
    const id = await whileHeld(async () => {
      const run = await started();
      expect(run.status).toBe('running');
      for (const api of [app, replica]) {
        const refused = await expectProblem(await post({}, api), 409, 'fsck-running');
        expect(refused.detail).toContain(run.id);
      }
      const cancel = () => replica.fetch(`${ROUTE}/${run.id}`, { method: 'DELETE' });
      expect((await cancel()).status).toBe(204);
      expect((await cancel()).status).toBe(204);
      expect(await app.json(200, `${ROUTE}/${run.id}`)).toMatchObject({ status: 'cancelled' });
      return run.id;
    });
    expect(await actionsOn(id)).toEqual(['fsck.start', 'fsck.cancel']);
    // The one that was cancelled ends by itself, and leaves the next one alone.
    const next = await started();
    expect(await ended(next.id, replica)).toMatchObject({ status: 'succeeded' });
    expect(await replica.json(200, `${ROUTE}/${id}`)).toMatchObject({ status: 'cancelled' });
  });

  it('whose process has died is shown as interrupted, and keeps nobody from starting another', async () => {
    const id = randomUUID();
    const plant = (age: string) =>
      app.database.query(
        `INSERT INTO fsck_runs (id, status, read_data, repair, seed, started_by, heartbeat_at)
         VALUES ($1, 'running', 0, false, 1, $1, now() - $2::interval)`,
        [id, age],
      );
    await plant('50 seconds');
    await expectProblem(await post({}), 409, 'fsck-running');
    await app.database.query(`UPDATE fsck_runs SET heartbeat_at = now() - interval '61 seconds'
      WHERE status = 'running'`);
    expect(await app.json(200, `${ROUTE}/${id}`)).toMatchObject({
      status: 'interrupted',
      finishedAt: expect.any(String),
    });
    await ended((await started()).id);
  });

  it('ends with its process, and says so', async () => {
    const another = await startReplica(app);
    const { id, stopped } = await whileHeld(async () => {
      const run = (await (await post({}, another)).json()) as Run;
      return { id: run.id, stopped: another.stop() };
    });
    await stopped;
    expect(await app.json(200, `${ROUTE}/${id}`)).toMatchObject({ status: 'interrupted' });
  });

  it('is listed, newest first, without what it has found', async () => {
    const { items, nextCursor } = await app.json<{ items: Run[]; nextCursor: string }>(
      200,
      `${ROUTE}?limit=2`,
    );
    expect(items).toHaveLength(2);
    expect(items[0]).not.toHaveProperty('findings');
    expect(items[0]!.id > items[1]!.id).toBe(true);
    const rest = await app.json<{ items: Run[] }>(200, `${ROUTE}?cursor=${nextCursor}`);
    expect(rest.items.map(({ id }) => id)).not.toContain(items[1]!.id);
    await expectProblem(await app.fetch(`${ROUTE}?cursor=x`), 400, 'cursor-mismatch');
  });

  it('is for admins of the installation, and takes no nonsense', async () => {
    const other = await addCaller(app, 'other');
    await expectProblem(await post({}, other), 403, 'forbidden');
    await expectProblem(await other.fetch(ROUTE), 403, 'forbidden');
    for (const body of [
      { readData: 101 },
      { readData: -1 },
      { readData: '1' },
      { repair: 1 },
      { x: 1 },
    ])
      await expectProblem(await post(body), 400, 'validation-failed');
    for (const id of ['none', randomUUID()]) {
      await expectProblem(await app.fetch(`${ROUTE}/${id}`), 404, 'fsck-run-not-found');
      const cancel = await app.fetch(`${ROUTE}/${id}`, { method: 'DELETE' });
      await expectProblem(cancel, 404, 'fsck-run-not-found');
    }
  });
});
