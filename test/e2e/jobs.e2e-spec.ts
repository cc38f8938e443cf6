import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { EVENT_BUS, type IEventBus } from '../../src/core/contracts/event-bus.contract.js';
import { JOBS, type IJobs } from '../../src/core/contracts/jobs.contract.js';
import { startTestApp, type TestApp } from '../support/app.js';
import { addCaller, startReplica, type TestCaller } from '../support/callers.js';
import { datasetsApi } from '../support/datasets.js';
import { gateIn, jobsApi, TestKindsModule, type Job } from '../support/jobs.js';
import { principal } from '../support/principals.js';
import { expectProblem } from '../support/problems.js';

let app: TestApp;
let replica: Awaited<ReturnType<typeof startReplica>>;
let ada: TestCaller;
let bob: TestCaller;

beforeAll(async () => {
  const settings = { WORKERS: '2', JOBS_PER_USER: '2', JOBS_QUEUED_PER_USER: '3' };
  app = await startTestApp(settings, undefined, [TestKindsModule]);
  replica = await startReplica(app, [TestKindsModule]);
  ada = await addCaller(app, 'ada');
  bob = await addCaller(app, 'bob');
});
afterAll(async () => {
  await replica.stop();
  await app.stop();
});

describe('A job', () => {
  it('is submitted, carried out, and has made files that its owner reads', async () => {
    const { post, ended } = jobsApi(ada);
    const files = [{ path: 'a.csv', fileId: await datasetsApi(ada).upload('a\n1\n') }];
    const dataset = await datasetsApi(ada).create({ name: 'Jobs', files });
    const answer = await post({
      kind: 'write',
      source: { datasetId: dataset.slug, ref: 'latest', path: 'a.csv' },
      parameters: { text: 'made', seed: 7 },
    });
    const submitted = (await answer.json()) as Job;
    expect(answer.status).toBe(202);
    expect(answer.headers.get('location')).toBe(`/v1/jobs/${submitted.id}`);
    expect(answer.headers.get('retry-after')).toBe('1');
    expect(submitted).toMatchObject({
      kind: 'write',
      status: 'queued',
      progress: 0,
      outputs: [],
      attempts: 0,
    });
    const job = await ended(submitted.id);
    expect(job).toMatchObject({
      status: 'succeeded',
      progress: 1,
      source: { datasetId: dataset.id, ref: 'latest', versionNumber: 1, path: 'a.csv' },
      inputDigests: [expect.stringMatching(/^sha256:[0-9a-f]{64}$/)],
      seed: 7,
      engineVersion: 'test-1',
      outputs: [{ name: 'text', fileId: expect.any(Number) }],
      attempts: 1,
    });
    expect(job.error).toBeUndefined();
    const path = `/v1/files/${job.outputs[0]?.fileId}`;
    expect(await ada.json(200, path)).toMatchObject({ fileType: 'txt' });
    expect(await (await ada.fetch(`${path}/content`)).text()).toBe('made 1');
    const listed = await ada.json<{ items: { id: number }[] }>(200, '/v1/files');
    expect(listed.items.map(({ id }) => id)).toContain(job.outputs[0]?.fileId);
    await expectProblem(await bob.fetch(path), 404, 'file-not-found');
    await expectProblem(await bob.fetch(`/v1/jobs/${job.id}`), 404, 'job-not-found');
  });

  it('has an ETag, and says when to ask again until it has ended', async () => {
    const { write, running, ended } = jobsApi(ada);
    const gate = gateIn(app.env.STRATUM_DATA_DIR);
    const { id } = await write({ until: gate.path });
    await running(id);
    const first = await ada.fetch(`/v1/jobs/${id}`);
    expect(first.headers.get('retry-after')).toBe('1');
    const etag = first.headers.get('etag') as string;
    // Else fetch asks for an answer that no cache has seen.
    const headers = { 'If-None-Match': etag, 'Cache-Control': 'max-age=0' };
    const same = await ada.fetch(`/v1/jobs/${id}`, { headers });
    expect(same.status).toBe(304);
    await gate.open();
    await ended(id);
    const last = await ada.fetch(`/v1/jobs/${id}`, { headers });
    expect(last.status).toBe(200);
    expect(last.headers.get('retry-after')).toBeNull();
  });

  it('fails with what its kind says, and of a fault tells nothing', async () => {
    const { write, ended } = jobsApi(ada);
    const refused = await ended((await write({ failure: 'refusal' })).id);
    expect(refused).toMatchObject({
      status: 'failed',
      outputs: [],
      error: {
        code: 'validation-failed',
        detail: expect.stringContaining('is refused in the end'),
      },
    });
    const faulty = await ended((await write({ failure: 'plain' })).id);
    expect(faulty.error?.code).toBe('internal');
    expect(JSON.stringify(faulty)).not.toContain('secret');
  });

  it('fails at its deadline, and when none is given at that of the installation', async () => {
    const { write, ended, post } = jobsApi(ada);
    const deadline = new Date(Date.now() + 1_500).toISOString();
    const { id } = await write({ until: '/nowhere' }, { deadline });
    expect(await ended(id)).toMatchObject({ status: 'failed', error: { code: 'job-deadline' } });
    const late = new Date(Date.now() + 90_000_000).toISOString();
    const body = { kind: 'write', parameters: { text: 'a' }, deadline: late };
    await expectProblem(await post(body), 400, 'validation-failed');
  });

  it('is cancelled while it waits and while it runs, by any replica, and once', async () => {
    const { write, running, get, cancel } = jobsApi(ada);
    const gate = gateIn(app.env.STRATUM_DATA_DIR);
    const held = [await write({ until: gate.path }), await write({ until: gate.path })];
    for (const { id } of held) await running(id);
    const waiting = await write();
    expect((await cancel(waiting.id)).status).toBe(204);
    expect((await cancel(waiting.id)).status).toBe(204);
    expect(await get(waiting.id)).toMatchObject({ status: 'cancelled', attempts: 0 });
    for (const { id } of held) {
      const answer = await jobsApi({ ...replica, fetch: viaReplica(ada) }).cancel(id);
      expect(answer.status).toBe(204);
      expect(await get(id)).toMatchObject({ status: 'cancelled' });
    }
    // Their workers are free again, though nobody has opened the gate.
    const next = await write();
    expect(await jobsApi(ada).ended(next.id)).toMatchObject({ status: 'succeeded' });
    expect(await get(waiting.id)).toMatchObject({ status: 'cancelled', outputs: [] });
    const entries = await app.database.query(
      `SELECT action FROM audit_log WHERE targets @> ARRAY[$1] ORDER BY id`,
      [`job:${waiting.id}`],
    );
    expect(entries.map(({ action }) => action)).toEqual(['job.create', 'job.cancel']);
  });
});

/** The same caller at the other replica. */
const viaReplica =
  (caller: TestCaller): TestCaller['fetch'] =>
  (path, init = {}) =>
    fetch(new URL(path, replica.url), {
      ...init,
      headers: { Authorization: `Bearer ${caller.key}`, ...(init.headers as object) },
    });

describe('A submission', () => {
  it('is refused for what it asks', async () => {
    const { post } = jobsApi(ada);
    const unknown = await expectProblem(await post({ kind: 'none' }), 400, 'validation-failed');
    const detail = expect.stringMatching(/^must be one of .*\bsampling, .*\bwrite$/);
    expect(unknown.errors).toEqual([{ pointer: '/kind', detail }]);
    await expectProblem(
      await post({ kind: 'derive', parameters: { text: 'a' } }),
      400,
      'validation-failed',
    );
    await expectProblem(await post({ kind: 'write', parameters: {} }), 400, 'validation-failed');
    const first = { kind: 'write', parameters: { text: 'a' }, priority: 1 };
    await expectProblem(await post(first), 403, 'forbidden');
    await expectProblem(await post({ kind: 'write', extra: 1 }), 400, 'validation-failed');
  });

  it('on what the caller may not read is answered as if it were not there', async () => {
    const files = [{ path: 'a.csv', fileId: await datasetsApi(ada).upload('b\n1\n') }];
    const { id: datasetId } = await datasetsApi(ada).create({ name: 'Private', files });
    const body = (source: object) => ({ kind: 'write', source, parameters: { text: 'a' } });
    const asked = [
      await jobsApi(bob).post(body({ datasetId, path: 'a.csv' })),
      await jobsApi(bob).post(body({ datasetId: randomUUID(), path: 'a.csv' })),
    ];
    const [one, other] = [
      await expectProblem(asked[0] as Response, 404, 'dataset-not-found'),
      await expectProblem(asked[1] as Response, 404, 'dataset-not-found'),
    ];
    expect(one.detail).toBe(other.detail);
    const { post } = jobsApi(ada);
    await expectProblem(await post(body({ datasetId, path: 'none' })), 404, 'path-not-found');
    await expectProblem(
      await post(body({ datasetId, ref: '9', path: 'a.csv' })),
      404,
      'version-not-found',
    );
  });

  it('on a dataset is refused for a credential that reads none', async () => {
    const files = [{ path: 'a.csv', fileId: await datasetsApi(ada).upload('d\n1\n') }];
    const { id: datasetId } = await datasetsApi(ada).create({ name: 'Scoped', files });
    const made = await datasetsApi(ada).json('POST', '/v1/api-keys', {
      name: 'jobs only',
      scopes: ['jobs:write', 'jobs:read'],
    });
    const { key } = (await made.json()) as { key: string };
    const headers = { Authorization: `Bearer ${key}` };
    const { post } = jobsApi(ada);
    const body = { kind: 'write', parameters: { text: 'a' } };
    const source = { datasetId, path: 'a.csv' };
    await expectProblem(await post({ ...body, source }, headers), 403, 'forbidden');
    expect((await post(body, headers)).status).toBe(202);
  });

  it('is safe to repeat with an Idempotency-Key', async () => {
    const { post } = jobsApi(ada);
    const body = { kind: 'write', parameters: { text: 'once' } };
    const headers = { 'Idempotency-Key': randomUUID() };
    const [first, again] = [await post(body, headers), await post(body, headers)];
    expect([first.status, again.status]).toEqual([202, 202]);
    expect(again.headers.get('location')).toBe(first.headers.get('location'));
    expect(((await again.json()) as Job).id).toBe(((await first.json()) as Job).id);
    const other = await post({ kind: 'write', parameters: { text: 'other' } }, headers);
    await expectProblem(other, 422, 'idempotency-key-reused');
  });

  it('finds a limit of running and of waiting jobs, for each user', async () => {
    const { write, running, post, get, cancel } = jobsApi(ada);
    const gate = gateIn(app.env.STRATUM_DATA_DIR);
    const jobs: Job[] = [];
    for (let n = 0; n < 2; n += 1) jobs.push(await write({ until: gate.path }));
    for (const { id } of jobs) await running(id);
    for (let n = 0; n < 3; n += 1) jobs.push(await write({ until: gate.path }));
    const refused = await post({ kind: 'write', parameters: { text: 'a' } });
    expect(refused.headers.get('retry-after')).not.toBeNull();
    await expectProblem(refused, 429, 'too-many-jobs');
    // Another user's is begun at once, by the replica's workers, and those that came before still wait.
    const others = await jobsApi(bob).write();
    expect(await jobsApi(bob).ended(others.id)).toMatchObject({ status: 'succeeded' });
    for (const { id } of jobs.slice(2)) expect(await get(id)).toMatchObject({ status: 'queued' });
    for (const { id } of jobs) await cancel(id);
  });
});

describe('The list of jobs', () => {
  it('has the own ones, newest first, in pages, by kind, status and dataset; all for admins', async () => {
    const eve = await addCaller(app, 'eve');
    const { write, ended, cancel } = jobsApi(eve);
    const files = [{ path: 'a.csv', fileId: await datasetsApi(eve).upload('c\n1\n') }];
    const { id: datasetId } = await datasetsApi(eve).create({ name: 'Listed', files });
    const on = await write({}, { source: { datasetId, path: 'a.csv' } });
    await ended(on.id);
    const stopped = await write({ until: '/nowhere' });
    await cancel(stopped.id);
    const ids = async (query: string, of: TestCaller | TestApp = eve): Promise<string[]> => {
      const page = await of.json<{ items: Job[] }>(200, `/v1/jobs?${query}`);
      return page.items.map(({ id }) => id);
    };
    expect(await ids('')).toEqual([stopped.id, on.id]);
    expect(await ids('status=cancelled')).toEqual([stopped.id]);
    expect(await ids(`datasetId=${datasetId}&kind=write`)).toEqual([on.id]);
    expect(await ids('kind=other')).toEqual([]);
    expect((await ids('', app)).slice(0, 2)).toEqual([stopped.id, on.id]);
    const first = await eve.json<{ nextCursor: string }>(200, '/v1/jobs?limit=1');
    expect(await ids(`limit=1&cursor=${first.nextCursor}`)).toEqual([on.id]);
    const carried = await eve.fetch(`/v1/jobs?status=failed&cursor=${first.nextCursor}`);
    await expectProblem(carried, 400, 'cursor-mismatch');
  });
});

describe('A job of another slice', () => {
  it("is submitted in code, waited for, and in nobody's list", async () => {
    const jobs = app.app.get<IJobs>(JOBS, { strict: false });
    const caller = principal({ id: ada.userId });
    const gate = gateIn(app.env.STRATUM_DATA_DIR);
    const parameters = { text: 'derived', until: gate.path };
    const { id } = await jobs.submit(caller, { kind: 'derive', parameters, priority: 5 });
    expect(await jobs.waitFor(caller, id, 50)).not.toMatchObject({ status: 'succeeded' });
    const heard: unknown[] = [];
    // It is told by whoever has ended it.
    for (const one of [app.app, replica.app]) {
      one.get<IEventBus>(EVENT_BUS, { strict: false }).subscribe('job.finished', (event) => {
        heard.push(event);
      });
    }
    setTimeout(() => void gate.open(), 50);
    expect(await jobs.waitFor(caller, id, 10_000)).toMatchObject({ status: 'succeeded' });
    expect(heard).toEqual([
      { jobId: id, kind: 'derive', status: 'succeeded', principalId: ada.userId },
    ]);
    const listed = await ada.json<{ items: Job[] }>(200, '/v1/jobs?limit=1000');
    expect(listed.items.map((job) => job.id)).not.toContain(id);
    expect(await jobsApi(ada).get(id)).toMatchObject({ kind: 'derive' });
    expect(
      await app.database.query('SELECT FROM audit_log WHERE targets @> ARRAY[$1]', [`job:${id}`]),
    ).toEqual([]);
  });
});

describe('Metrics', () => {
  it('count jobs by status', async () => {
    const text = await (await app.fetch('/metrics')).text();
    expect(text).toMatch(/^stratum_jobs_ended_total\{status="succeeded"\} [1-9]/m);
    expect(text).toMatch(/^stratum_jobs\{status="running"\} 0$/m);
  });
});
