import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { startTestApp, type TestApp } from '../support/app.js';
import { datasetsApi, move, put, remove, type Version } from '../support/datasets.js';
import { sha256 } from '../support/digests.js';
import { expectProblem } from '../support/problems.js';

let app: TestApp;
let api: ReturnType<typeof datasetsApi>;
const ids = new Map<string, number>();
beforeAll(async () => {
  app = await startTestApp();
  api = datasetsApi(app);
  for (const text of ['a', 'b', 'c', 'changed here', 'changed there']) {
    ids.set(text, await api.upload(text));
  }
});
afterAll(() => app.stop());

const file = (text: string): number => ids.get(text) as number;
/** A dataset of `a`, `b` and `c`, and a branch `side` from its first version. */
const twoBranches = async () => {
  const files = ['a', 'b', 'c'].map((path) => ({ path, fileId: file(path) }));
  const { id } = await api.create({ name: 'two branches', files });
  await api.json('PUT', `/v1/datasets/${id}/refs/side`, { version: 1 });
  return id;
};
const merge = (id: string, body: object, headers = {}) =>
  api.json('POST', `/v1/datasets/${id}/merge`, body, headers);
const restore = (id: string, ref: string | number, body = {}) =>
  api.json('POST', `/v1/datasets/${id}/versions/${ref}/restore`, body);
const contents = async (id: string, ref: string | number) =>
  Object.fromEntries(
    await Promise.all(
      (await api.files(id, ref)).map(async ({ path }) => [
        path,
        await (await api.content(id, ref, path)).text(),
      ]),
    ),
  );

describe('A merge', () => {
  it('takes in what one side alone has changed', async () => {
    const id = await twoBranches();
    await api.commit(id, [put('a', file('changed here'))]);
    const side = await api.commit(id, [remove('b'), move('c', 'd/c')], { branch: 'side' });
    const answer = await merge(id, { source: 'side' });
    expect(answer.status).toBe(201);
    const merged = (await answer.json()) as Version;
    expect(answer.headers.get('location')).toBe(`/v1/datasets/${id}/versions/4`);
    expect(merged).toMatchObject({
      versionNumber: 4,
      mergedId: side.id,
      message: 'Merge side into main',
      fileCount: 2,
    });
    expect(await contents(id, 'main')).toEqual({ a: 'changed here', 'd/c': 'c' });
    const again = await merge(id, { source: 'side' });
    expect(again.status).toBe(200);
    expect(await again.json()).toEqual(merged);
    // The other way there is something to take in: the change of `a`.
    expect((await merge(id, { source: 'main', target: 'side', message: 'back' })).status).toBe(201);
    expect(await contents(id, 'side')).toEqual(await contents(id, 'main'));
  });

  it('lists conflicts and changes nothing, or decides as it is told', async () => {
    const id = await twoBranches();
    await api.commit(id, [put('a', file('changed here')), remove('b'), put('n', file('a'))]);
    const there = [put('a', file('changed there')), put('b', file('c')), put('n', file('a'))];
    await api.commit(id, there, { branch: 'side' });
    const problem = await expectProblem(await merge(id, { source: 'side' }), 409, 'merge-conflict');
    const hash = (text: string) => `sha256:${sha256(text)}`;
    expect(problem).toMatchObject({
      conflictCount: 2,
      conflicts: [
        { path: 'a', base: hash('a'), ours: hash('changed here'), theirs: hash('changed there') },
        { path: 'b', base: hash('b'), ours: null, theirs: hash('c') },
      ],
    });
    expect(await contents(id, 'main')).toEqual({ a: 'changed here', c: 'c', n: 'a' });
    expect((await merge(id, { source: 'side', strategy: 'ours' })).status).toBe(201);
    expect(await contents(id, 'main')).toEqual({ a: 'changed here', c: 'c', n: 'a' });

    const other = await twoBranches();
    await api.commit(other, [put('a', file('changed here')), remove('b')]);
    await api.commit(other, there, { branch: 'side' });
    expect((await merge(other, { source: 'side', strategy: 'theirs' })).status).toBe(201);
    expect(await contents(other, 'main')).toEqual({ a: 'changed there', b: 'c', c: 'c', n: 'a' });
  });

  it('refuses a file that would be a folder of the other side', async () => {
    const id = await twoBranches();
    await api.commit(id, [put('x', file('a'))]);
    await api.commit(id, [put('x/y', file('a'))], { branch: 'side' });
    await expectProblem(await merge(id, { source: 'side' }), 409, 'path-conflict');
  });

  it('is made once for one Idempotency-Key, and on the parent that it names', async () => {
    const id = await twoBranches();
    await api.commit(id, [put('a', file('b'))], { branch: 'side' });
    await expectProblem(await merge(id, { source: 'side', parent: 2 }), 412, 'parent-not-head');
    const headers = { 'Idempotency-Key': `merge-${id}` };
    const answers = await Promise.all(
      Array.from({ length: 10 }, async () =>
        (await merge(id, { source: 'side', parent: 1 }, headers)).text(),
      ),
    );
    expect(new Set(answers).size).toBe(1);
    expect(JSON.parse(answers[0] as string)).toMatchObject({ versionNumber: 3 });
  });

  it('goes on top of whatever is there when others commit at the same time', async () => {
    const id = await twoBranches();
    await api.commit(id, [put('side', file('b'))], { branch: 'side' });
    const [answer] = await Promise.all([
      merge(id, { source: 'side' }),
      ...Array.from({ length: 4 }, (_, n) => api.commit(id, [put(`n${n}`, file('a'))])),
    ]);
    expect(answer.status).toBe(201);
    expect(await api.files(id, 'main')).toHaveLength(8);
  });

  it('comes to rest between two branches that take each other in', async () => {
    const id = await twoBranches();
    await api.commit(id, [put('side', file('b'))], { branch: 'side' });
    const statuses: number[] = [];
    for (const [source, target] of [
      ['side', 'main'],
      ['main', 'side'],
      ['side', 'main'],
    ]) {
      statuses.push((await merge(id, { source, target })).status);
    }
    expect(statuses).toEqual([201, 200, 200]);
  });

  it('is told the same again under its key, also when there was nothing to do', async () => {
    const id = await twoBranches();
    const headers = { 'Idempotency-Key': `nothing-${id}` };
    const first = await merge(id, { source: 'side' }, headers);
    expect(first.status).toBe(200);
    await api.commit(id, [put('side', file('b'))], { branch: 'side' });
    const again = await merge(id, { source: 'side' }, headers);
    expect([again.status, await again.text()]).toEqual([200, await first.text()]);
    await expectProblem(await merge(id, { source: 1 }, headers), 422, 'idempotency-key-reused');
  });

  it('is whole or refused when its source is deleted at the same time', async () => {
    for (let round = 0; round < 5; round += 1) {
      const id = await twoBranches();
      const fileId = await api.upload(`only on the side ${round}`);
      const { versionNumber } = await api.commit(id, [put('s', fileId)], { branch: 'side' });
      await app.fetch(`/v1/files/${fileId}`, { method: 'DELETE' });
      const [answer] = await Promise.all([
        merge(id, { source: versionNumber }),
        app.fetch(`/v1/datasets/${id}/versions/${versionNumber}`, { method: 'DELETE' }),
      ]);
      if (answer.status === 410) continue;
      expect(answer.status).toBe(201);
      expect(await contents(id, 'main')).toHaveProperty('s', `only on the side ${round}`);
    }
  });

  it.each([
    ['no source', {}, 400, 'validation-failed'],
    ['an unknown source', { source: 'nowhere' }, 404, 'version-not-found'],
    ['an unknown target', { source: 1, target: 'nowhere' }, 404, 'version-not-found'],
    ['an unknown strategy', { source: 1, strategy: 'mine' }, 400, 'validation-failed'],
    ['an unknown field', { source: 1, squash: true }, 400, 'validation-failed'],
  ])('is refused with %s', async (_what, body, status, code) => {
    await expectProblem(await merge(await twoBranches(), body), status, code);
  });
});

describe('A restore', () => {
  it('makes a new version that shows what the old one shows', async () => {
    const id = await twoBranches();
    await api.commit(id, [put('a', file('b')), remove('b'), put('new', file('c'))]);
    const answer = await restore(id, 1, { message: 'Undo' });
    expect(answer.status).toBe(201);
    expect(await answer.json()).toMatchObject({ versionNumber: 3, message: 'Undo', fileCount: 3 });
    expect(await contents(id, 'latest')).toEqual({ a: 'a', b: 'b', c: 'c' });
    expect((await restore(id, 1)).status).toBe(200);
    await expectProblem(await restore(id, 9), 404, 'version-not-found');
    await expectProblem(await restore(id, 1, { branch: 'x' }), 404, 'version-not-found');
    await expectProblem(await restore(id, 1, { parent: 1 }), 412, 'parent-not-head');
  });

  it('without a parent gets its turn among many others', async () => {
    const id = await twoBranches();
    await api.commit(id, [put('a', file('b'))]);
    const answers = await Promise.all(
      Array.from({ length: 20 }, async (_, n) => await restore(id, 1 + (n % 2))),
    );
    for (const { status } of answers) expect([200, 201]).toContain(status);
  });
});

describe('A diff', () => {
  it('tells what was added, removed, changed and moved, and what each was', async () => {
    const id = await twoBranches();
    await api.commit(id, [
      put('a', file('changed here')),
      move('b', 'z/b'),
      remove('c'),
      put('new', file('changed there')),
    ]);
    const diff = (query: string) => app.fetch(`/v1/datasets/${id}/diff?${query}`);
    const { items } = (await (await diff('base=1&head=latest')).json()) as { items: object[] };
    expect(items).toMatchObject([
      { kind: 'changed', path: 'a', from: null, base: { size: 1 }, head: { size: 12 } },
      { kind: 'removed', path: 'c', from: null, base: { path: 'c' }, head: null },
      { kind: 'added', path: 'new', from: null, base: null, head: { size: 13 } },
      { kind: 'moved', path: 'z/b', from: 'b', base: { path: 'b' }, head: { path: 'z/b' } },
    ]);
    expect(await (await diff('base=2&head=main')).json()).toEqual({ items: [], nextCursor: null });
    // The same file put again is no change; another description of it is one.
    await api.commit(id, [put('a', file('changed here'))]);
    expect(await (await diff('base=2&head=3')).json()).toEqual({ items: [], nextCursor: null });
    await api.commit(id, [put('a', file('changed here'), { metadata: { unit: 'm' } })]);
    expect(await (await diff('base=3&head=4')).json()).toMatchObject({
      items: [{ kind: 'changed', path: 'a', head: { metadata: { unit: 'm' } } }],
    });
    for (const query of ['base=1', 'head=1', 'base=1&head=a/b', 'base=1&head=2&x=1']) {
      await expectProblem(await diff(query), 400, 'validation-failed');
    }
    await expectProblem(await diff('base=1&head=9'), 404, 'version-not-found');
    await expectProblem(await diff('base=1&head=2&cursor=W10'), 400, 'cursor-mismatch');
  });
});

describe('An overlay document', () => {
  it('is served as canonical JSON that its published schema describes', async () => {
    const id = await twoBranches();
    await api.commit(id, [put('n', file('b')), remove('a'), move('c', 'd')]);
    await restore(id, 1);
    const validate = new Ajv2020().compile(await app.json(200, '/v1/schemas/overlay'));
    for (const version of [1, 2, 3]) {
      const answer = await app.fetch(`/v1/datasets/${id}/versions/${version}/overlay`);
      expect(answer.status).toBe(200);
      expect(answer.headers.get('link')).toContain('/v1/schemas/overlay');
      const document = (await answer.json()) as { changes: { op: string; path: string }[] };
      expect(validate(document)).toBe(true);
      expect(document.changes.map(({ op, path }) => `${op} ${path}`)).toEqual(
        [
          ['put a', 'put b', 'put c'],
          ['delete a', 'move d', 'put n'],
          ['put a', 'put c', 'delete d', 'delete n'],
        ][version - 1],
      );
    }
    expect(validate({ version: 1, changes: [{ op: 'put', path: 'a' }] })).toBe(false);
  });
});

describe('An answer about a version', () => {
  it('is kept for ever when the version is named for ever', async () => {
    const id = await twoBranches();
    const cached = async (path: string) =>
      (await app.fetch(`/v1/datasets/${id}/${path}`)).headers.get('cache-control');
    for (const rest of ['', '/files', '/content/a', '/overlay']) {
      expect(await cached(`versions/1${rest}`)).toBe('private, max-age=31536000, immutable');
      expect(await cached(`versions/side${rest}`)).toBe('private, no-cache');
    }
    expect(await cached('diff?base=1&head=1')).toContain('immutable');
    expect(await cached('diff?base=1&head=main')).toBe('private, no-cache');
  });
});
