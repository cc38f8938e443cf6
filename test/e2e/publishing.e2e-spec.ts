import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startTestApp, type TestApp } from '../support/app.js';
import { addCaller, type TestCaller } from '../support/callers.js';
import { datasetsApi, type Dataset, type Version } from '../support/datasets.js';
import { jobsApi, TestKindsModule, type Job } from '../support/jobs.js';
import { expectProblem } from '../support/problems.js';

interface Publication {
  jobId: string;
  datasetId: string;
  versionId: string;
  versionNumber: number;
  files: { name: string; path: string; fileId: number }[];
}

let app: TestApp;
let ada: TestCaller;
let bob: TestCaller;
let source: Dataset;
/** Of `text` and `more-0`, on the source. */
let job: Job;

beforeAll(async () => {
  app = await startTestApp({ WORKERS: '2' }, undefined, [TestKindsModule]);
  ada = await addCaller(app, 'ada');
  bob = await addCaller(app, 'bob');
  const files = [{ path: 'a.csv', fileId: await datasetsApi(ada).upload('a\n1\n') }];
  source = await datasetsApi(ada).create({ name: 'Source', files });
  job = await done(ada, { text: 'one', more: ['two'] }, { datasetId: source.id, path: 'a.csv' });
});
afterAll(() => app.stop());

async function done(caller: TestCaller, parameters: object, of?: object): Promise<Job> {
  const { write, ended } = jobsApi(caller);
  return await ended((await write(parameters, of ? { source: of } : {})).id);
}

const publish = (caller: TestCaller, id: string, body: object, headers = {}): Promise<Response> =>
  datasetsApi(caller).json('POST', `/v1/jobs/${id}/publish`, body, headers);

const entriesOf = async (versionId: string): Promise<object[]> =>
  await app.database.query(
    'SELECT action, details FROM audit_log WHERE targets @> ARRAY[$1] ORDER BY id',
    [`version:${versionId}`],
  );

describe('What a job has made', () => {
  it('becomes a dataset, which says what it was made by', async () => {
    const headers = { 'Idempotency-Key': randomUUID() };
    const body = { dataset: { name: 'Sample', tags: ['sampled'], metadata: { of: 'Source' } } };
    const answer = await publish(ada, job.id, body, headers);
    const made = (await answer.json()) as Publication;
    expect([answer.status, made]).toEqual([
      201,
      {
        jobId: job.id,
        datasetId: expect.any(String),
        versionId: expect.any(String),
        versionNumber: 1,
        files: [
          { name: 'text', path: 'text.txt', fileId: job.outputs[0]?.fileId },
          { name: 'more-0', path: 'more-0.txt', fileId: job.outputs[1]?.fileId },
        ],
      },
    ]);
    const path = `/v1/datasets/${made.datasetId}/versions/1`;
    expect(answer.headers.get('location')).toBe(path);
    const version = await ada.json<Version>(200, path);
    const pinned = (job['source'] as { versionId: string }).versionId;
    expect(version).toMatchObject({
      id: made.versionId,
      madeBy: { jobId: job.id, sourceVersionId: pinned },
    });
    expect(await ada.json(200, `/v1/datasets/${made.datasetId}`)).toMatchObject({
      name: 'Sample',
      tags: ['sampled'],
      metadata: { of: 'Source' },
    });
    const files = await datasetsApi(ada).files(made.datasetId, 1);
    expect(files.map(({ path: at, fileType, metadata }) => [at, fileType, metadata])).toEqual([
      ['more-0.txt', 'txt', { analysis_type: 'write' }],
      ['text.txt', 'txt', { analysis_type: 'write' }],
    ]);
    expect(await entriesOf(made.versionId)).toMatchObject([
      { action: 'dataset.create', details: { jobId: job.id, files: 2 } },
    ]);
    const again = await publish(ada, job.id, body, headers);
    expect([again.status, await again.json()]).toEqual([201, made]);
    expect((await entriesOf(made.versionId)).length).toBe(1);
  });

  it('becomes a version of a dataset, of chosen outputs at chosen paths', async () => {
    const { id } = await datasetsApi(ada).create({
      name: 'Results',
      files: [{ path: 'readme.txt', fileId: await datasetsApi(ada).upload('of old') }],
    });
    const outputs = [{ name: 'more-0', path: 'new/two.txt' }];
    const body = { outputs, datasetId: id, parent: 1, message: 'The second' };
    const made = (await (await publish(ada, job.id, body)).json()) as Publication;
    expect(made).toMatchObject({ datasetId: id, versionNumber: 2 });
    const files = await datasetsApi(ada).files(id, 2);
    expect(files.map(({ path }) => path)).toEqual(['new/two.txt', 'readme.txt']);
    expect(await (await datasetsApi(ada).content(id, 2, 'new/two.txt')).text()).toBe('two 1');
    const version = await ada.json(200, `/v1/datasets/${id}/versions/2`);
    expect(version).toMatchObject({ message: 'The second', madeBy: { jobId: job.id } });
    expect(await entriesOf(made.versionId)).toMatchObject([
      { action: 'version.create', details: { jobId: job.id, changes: 1 } },
    ]);
    // The next one was made by hand.
    await datasetsApi(ada).commit(id, [{ op: 'delete', path: 'readme.txt' }]);
    expect(await ada.json(200, `/v1/datasets/${id}/versions/3`)).toMatchObject({ madeBy: null });
    await expectProblem(await publish(ada, job.id, body), 412, 'parent-not-head');
  });

  it('is published by whoever may write there, and has submitted the job', async () => {
    const body = { dataset: { name: 'Not mine' } };
    await expectProblem(await publish(bob, job.id, body), 404, 'job-not-found');
    const { id } = await done(bob, { text: 'bob' });
    const toSource = { datasetId: source.id };
    await expectProblem(await publish(bob, id, toSource), 404, 'dataset-not-found');
    const grant = { userId: bob.userId, role: 'reader' };
    const path = `/v1/datasets/${source.id}/grants`;
    expect((await datasetsApi(ada).json('POST', path, grant)).status).toBe(201);
    await expectProblem(await publish(bob, id, toSource), 403, 'forbidden');
    const key = { name: 'writes only', scopes: ['datasets:write', 'datasets:read', 'files:read'] };
    const { key: narrow } = await ada.json<{ key: string }>(201, '/v1/api-keys', {
      method: 'POST',
      body: JSON.stringify(key),
      headers: { 'Content-Type': 'application/json' },
    });
    const headers = { Authorization: `Bearer ${narrow}` };
    await expectProblem(await publish(ada, job.id, body, headers), 403, 'forbidden');
  });

  it('is there when the job has succeeded, and only then', async () => {
    const { write, cancel } = jobsApi(ada);
    const { id } = await write({ until: '/nowhere' });
    const body = { dataset: { name: 'Too early' } };
    await expectProblem(await publish(ada, id, body), 409, 'job-not-succeeded');
    await cancel(id);
    await expectProblem(await publish(ada, id, body), 409, 'job-not-succeeded');
  });

  it.each<[what: string, body: object, pointer: string]>([
    ['an output that it has not', { outputs: [{ name: 'none' }] }, '/outputs/0/name'],
    ['an output twice', { outputs: [{ name: 'text' }, { name: 'text' }] }, '/outputs/1/name'],
    [
      'two outputs at one path',
      {
        outputs: [
          { name: 'text', path: 'a' },
          { name: 'more-0', path: 'a' },
        ],
      },
      '/outputs/1/path',
    ],
    ['a path that is none', { outputs: [{ name: 'text', path: '../a' }] }, '/outputs/0/path'],
    ['nothing', { outputs: [] }, '/outputs'],
    ['a branch of a new dataset', { branch: 'side' }, '/branch'],
    ['two targets', { datasetId: 'source' }, '/datasetId'],
    ['what is unknown', { madeBy: { jobId: 'x' } }, '/madeBy'],
    ['a dataset with files of its own', { dataset: { name: 'a', files: [] } }, '/dataset/files'],
  ])('is not published as %s', async (_, body, pointer) => {
    const before = await app.database.query('SELECT FROM datasets');
    const answer = await publish(ada, job.id, { dataset: { name: 'Refused' }, ...body });
    const problem = await expectProblem(answer, 400, 'validation-failed');
    expect(problem.errors).toMatchObject([{ pointer }]);
    expect((await app.database.query('SELECT FROM datasets')).length).toBe(before.length);
  });

  it('is published as a whole or not at all', async () => {
    await datasetsApi(ada).create({ name: 'Taken', slug: 'taken' });
    const references = () => app.database.query('SELECT FROM file_references');
    const before = await references();
    const answer = await publish(ada, job.id, { dataset: { name: 'Taken', slug: 'taken' } });
    await expectProblem(answer, 409, 'slug-taken');
    expect((await references()).length).toBe(before.length);
  });
});
