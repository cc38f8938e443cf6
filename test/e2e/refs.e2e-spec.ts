import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startTestApp, type TestApp } from '../support/app.js';
import { datasetsApi, put, type Dataset, type Version } from '../support/datasets.js';
import { expectProblem } from '../support/problems.js';

let app: TestApp;
let api: ReturnType<typeof datasetsApi>;
let dataset: Dataset;
let first: Version;
let second: Version;
beforeAll(async () => {
  app = await startTestApp();
  api = datasetsApi(app);
  const fileId = await api.upload('of refs');
  dataset = await api.create({ name: 'Refs' });
  first = await api.commit(dataset.id, [put('a', fileId)]);
  second = await api.commit(dataset.id, [put('b', fileId)]);
});
afterAll(() => app.stop());

const refPath = (name: string) => `/v1/datasets/${dataset.id}/refs/${name}`;
const putRef = (name: string, body: object, headers = {}) =>
  api.json('PUT', refPath(name), body, headers);
const at = async (ref: string) =>
  (await app.json<Version>(200, `/v1/datasets/${dataset.id}/versions/${ref}`)).versionNumber;

describe('A branch', () => {
  it('is made, takes commits of its own, and moves for whoever knows where it is', async () => {
    const made = await putRef('work', { version: 1 });
    expect(made.status).toBe(201);
    expect(made.headers.get('etag')).toBe(`"${first.id}"`);
    expect(await made.json()).toMatchObject({
      name: 'work',
      kind: 'branch',
      versionId: first.id,
      versionNumber: 1,
    });
    const third = await api.commit(dataset.id, [put('c', await api.upload('c'))], {
      branch: 'work',
    });
    expect(third).toMatchObject({ parentId: first.id, fileCount: 2 });
    expect([await at('work'), await at('main'), await at('latest')]).toEqual([3, 2, 2]);

    await expectProblem(await putRef('work', { version: 2 }), 428, 'if-match-required');
    const stale = { 'If-Match': `"${first.id}"` };
    await expectProblem(await putRef('work', { version: 2 }, stale), 412, 'etag-mismatch');
    const onlyNew = { 'If-None-Match': '*' };
    await expectProblem(await putRef('work', { version: 2 }, onlyNew), 412, 'etag-mismatch');
    expect(await at('work')).toBe(3);
    const moved = await putRef('work', { version: 'main' }, { 'If-Match': `"${third.id}"` });
    expect([moved.status, await at('work')]).toEqual([200, 2]);
  });

  it('moves for one of many who expect the same', async () => {
    await putRef('contended', { version: 1 });
    const headers = { 'If-Match': `"${first.id}"` };
    const answers = await Promise.all(
      Array.from({ length: 8 }, () => putRef('contended', { version: second.id }, headers)),
    );
    expect(answers.map(({ status }) => status).sort((a, b) => a - b)).toEqual([
      200,
      ...Array(7).fill(412),
    ]);
  });

  it('is removed by whoever knows where it is; its version stays', async () => {
    await putRef('short', { version: 2 });
    const remove = (name: string, headers = {}) =>
      app.fetch(refPath(name), { method: 'DELETE', headers });
    await expectProblem(await remove('short'), 428, 'if-match-required');
    await expectProblem(await remove('short', { 'If-Match': '"x"' }), 412, 'etag-mismatch');
    expect((await remove('short', { 'If-Match': `"${second.id}"` })).status).toBe(204);
    await expectProblem(await app.fetch(refPath('short')), 404, 'ref-not-found');
    await expectProblem(await remove('short', { 'If-Match': '*' }), 404, 'ref-not-found');
    expect(await at(second.id)).toBe(2);
    await expectProblem(await remove('main', { 'If-Match': '*' }), 409, 'default-branch');
  });
});

describe('A tag', () => {
  it('stays where it was made', async () => {
    expect((await putRef('v1.0', { version: 1, kind: 'tag' })).status).toBe(201);
    const headers = { 'If-Match': `"${first.id}"` };
    await expectProblem(await putRef('v1.0', { version: 2 }, headers), 409, 'tag-immutable');
    const asBranch = { version: 1, kind: 'branch' };
    await expectProblem(await putRef('v1.0', asBranch, headers), 409, 'tag-immutable');
    expect((await putRef('v1.0', { version: 1 }, headers)).status).toBe(200);
    expect(await at('v1.0')).toBe(1);
    const commit = await api.tryCommit(dataset.id, {
      branch: 'v1.0',
      changes: [put('d', await api.upload('d'))],
    });
    await expectProblem(commit, 404, 'version-not-found');
    await putRef('branch', { version: 1 });
    const asTag = { version: 1, kind: 'tag' };
    await expectProblem(await putRef('branch', asTag, headers), 409, 'tag-immutable');
  });
});

describe('Refs', () => {
  it('are listed by name, page by page', async () => {
    const { id } = await api.create({ name: 'many refs' });
    await api.commit(id, [put('a', await api.upload('many refs'))]);
    const names = ['a', 'B', 'main', 'z.1', '0.1', 'c_d'];
    for (const name of names.filter((each) => each !== 'main')) {
      await api.json('PUT', `/v1/datasets/${id}/refs/${name}`, { version: 'latest' });
    }
    const listed: string[] = [];
    for (let cursor: string | null = ''; cursor !== null;) {
      const page: { items: { name: string }[]; nextCursor: string | null } = await app.json(
        200,
        `/v1/datasets/${id}/refs?limit=2${cursor && `&cursor=${cursor}`}`,
      );
      listed.push(...page.items.map(({ name }) => name));
      cursor = page.nextCursor;
    }
    expect(listed).toEqual([...names].sort());
    const elsewhere = `/v1/datasets/${dataset.id}/refs?cursor=W10`;
    await expectProblem(await app.fetch(elsewhere), 400, 'cursor-mismatch');
  });

  it.each([
    '1',
    '42',
    'latest',
    '01a20ed1-0acd-765a-aaa5-15c08cde0dc7',
    'a%2Fb',
    '-a',
    'é',
    'x'.repeat(101),
  ])('are not named %s', async (name) => {
    await expectProblem(await putRef(name, { version: 1 }), 400, 'validation-failed');
  });

  it.each([
    ['no version', {}],
    ['a version that is no ref', { version: 'a/b' }],
    ['an unknown kind', { version: 1, kind: 'note' }],
    ['an unknown field', { version: 1, force: true }],
  ])('are refused with %s', async (_what, body) => {
    await expectProblem(await putRef('refused', body), 400, 'validation-failed');
  });

  it('are refused for what does not exist', async () => {
    await expectProblem(await putRef('new', { version: 99 }), 404, 'version-not-found');
    await expectProblem(
      await putRef('new', { version: 1 }, { 'If-Match': '*' }),
      412,
      'etag-mismatch',
    );
    await expectProblem(await app.fetch(refPath('new')), 404, 'ref-not-found');
    await expectProblem(await app.fetch('/v1/datasets/none/refs'), 404, 'dataset-not-found');
  });
});
