import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startTestApp, type TestApp } from '../../support/app.js';
import { datasetsApi, move, put, remove } from '../../support/datasets.js';
import { jobsApi, TestKindsModule } from '../../support/jobs.js';
import { lineageOf } from '../../support/lineage.js';
import { readDocument, type Document } from '../../support/hardening/documented-api.js';
import { createWorld, requestOf, type World } from '../../support/hardening/world.js';

let app: TestApp;
beforeAll(async () => {
  app = await startTestApp({ DATABASE_POOL_SIZE: '1', WORKERS: '1' }, undefined, [TestKindsModule]);
});
afterAll(() => app.stop());

/** What somebody does in a day; with whom one who works at the same time. */
async function session(name: string): Promise<void> {
  const { upload, create, commit, content, files, json } = datasetsApi(app);
  const fileId = await upload(`of ${name}`);
  const { id } = await create({ name, tags: ['daily'], files: [{ path: 'a.csv', fileId }] });
  const dataset = `/v1/datasets/${id}`;
  await commit(id, [put('b.csv', fileId), move('a.csv', 'c.csv')]);
  const branch = { version: 'main' };
  expect((await json('PUT', `${dataset}/refs/side`, branch, { 'If-None-Match': '*' })).status).toBe(
    201,
  );
  await commit(id, [put('d.csv', await upload(`more of ${name}`))], { branch: 'side' });
  await commit(id, [remove('c.csv')]);
  expect((await json('POST', `${dataset}/merge`, { source: 'side' })).status).toBe(201);
  expect(await (await content(id, 'latest', 'd.csv')).text()).toBe(`more of ${name}`);
  expect((await files(id, 'latest')).map(({ path }) => path)).toEqual(['b.csv', 'd.csv']);
  await (await app.fetch(`${dataset}/versions/latest/archive`)).arrayBuffer();
  await app.json(200, `${dataset}/diff?base=1&head=latest`);
  await app.json(200, `/v1/search?q=${name}`);
  await app.json(200, `${dataset}/statistics`);
  expect((await app.fetch(dataset, { method: 'DELETE' })).status).toBe(204);
  expect((await json('POST', `${dataset}/restore`, {})).status).toBe(200);
}

/** A job, and what is made of what it has made. */
async function jobSession(name: string): Promise<void> {
  const { upload, create, json } = datasetsApi(app);
  const files = [{ path: 'a.csv', fileId: await upload(`of ${name}`) }];
  const { id: datasetId } = await create({ name, files });
  const { write, ended } = jobsApi(app);
  const { id } = await ended(
    (await write({ text: name }, { source: { datasetId, path: 'a.csv' } })).id,
  );
  expect((await json('POST', `/v1/jobs/${id}/publish`, { datasetId })).status).toBe(201);
  expect((await json('POST', `/v1/jobs/${id}/publish`, { dataset: { name } })).status).toBe(201);
  expect((await lineageOf(app, `jobs/${id}`)).edges.length).toBeGreaterThan(4);
}

describe('a service with one connection to its database', () => {
  it('serves what people do, eight at a time', async () => {
    const names = Array.from({ length: 8 }, (_, number) => `Session${number}`);
    await Promise.all(names.map(session));
  });

  it('works on jobs, publishes what they make and tells where that comes from', async () => {
    await Promise.all(['one', 'two', 'three'].map(jobSession));
  });

  it('answers every route: none takes a second connection while it holds the first', async () => {
    const document: Document = await readDocument();
    const world: World = await createWorld(app, document);
    for (const operation of document.operations) {
      const { path, init } = requestOf(world, document, operation);
      const response = await app.fetch(path, init);
      await response.arrayBuffer();
      const what = `${operation.method} ${path}`;
      expect([what, response.status < 500]).toEqual([what, true]);
    }
  });
});
