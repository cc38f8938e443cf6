import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startTestApp, type TestApp } from '../support/app.js';
import { datasetsApi } from '../support/datasets.js';
import { sha256 } from '../support/digests.js';
import { expectProblem } from '../support/problems.js';

let app: TestApp;
let api: ReturnType<typeof datasetsApi>;
beforeAll(async () => {
  app = await startTestApp();
  api = datasetsApi(app);
});
afterAll(() => app.stop());

const put = (path: string, fileId: number, more = {}) => ({ op: 'put', path, fileId, ...more });
const move = (from: string, path: string) => ({ op: 'move', from, path });
const remove = (path: string) => ({ op: 'delete', path });
const paths = async (dataset: string, ref: string | number, query = '') =>
  (await api.files(dataset, ref, query)).map(({ path }) => path);
const textAt = async (dataset: string, ref: string | number, path: string) =>
  (await api.content(dataset, ref, path)).text();

describe('A commit', () => {
  it('keeps what it does not change, and leaves earlier versions as they were', async () => {
    const [a, b, b2, c] = [
      await api.upload('a'),
      await api.upload('b'),
      await api.upload('b changed'),
      await api.upload('c'),
    ];
    const files = [
      { path: 'a.csv', fileId: a },
      { path: 'data/b.csv', fileId: b },
    ];
    const { id, latestVersion } = await api.create({ name: 'kept', files });
    expect(latestVersion).toBe(1);
    const second = await api.commit(id, [put('data/b.csv', b2), put('c.csv', c)], { parent: 1 });
    expect(second).toMatchObject({ versionNumber: 2, fileCount: 3, totalBytes: 11 });
    const third = await api.commit(id, [move('a.csv', 'old/a.csv'), remove('c.csv')]);
    expect(third).toMatchObject({ versionNumber: 3, parentId: second.id, fileCount: 2 });

    expect(await paths(id, 1)).toEqual(['a.csv', 'data/b.csv']);
    expect(await paths(id, 2)).toEqual(['a.csv', 'c.csv', 'data/b.csv']);
    expect(await paths(id, 'latest')).toEqual(['data/b.csv', 'old/a.csv']);
    expect(await textAt(id, 1, 'data/b.csv')).toBe('b');
    expect(await textAt(id, second.id, 'data/b.csv')).toBe('b changed');
    expect(await textAt(id, 'main', 'old/a.csv')).toBe('a');
    await expectProblem(await api.content(id, 3, 'a.csv'), 404, 'path-not-found');
  });

  it('is refused when the branch has moved on, and changes nothing', async () => {
    const file = await api.upload('moved on');
    const { id } = await api.create({ name: 'moved', files: [{ path: 'a', fileId: file }] });
    const rivals = await Promise.all(
      Array.from({ length: 8 }, (_, n) =>
        api.tryCommit(id, { parent: 1, changes: [put(`rival-${n}`, file)] }),
      ),
    );
    expect(rivals.map(({ status }) => status).sort((x, y) => x - y)).toEqual([
      201,
      ...Array(7).fill(412),
    ]);
    expect(await paths(id, 'latest')).toHaveLength(2);
    const [count] = await app.database.query<{ n: number }>(
      'SELECT count(*)::int AS n FROM dataset_versions WHERE dataset_id = $1',
      [id],
    );
    expect(count).toEqual({ n: 2 });
  });

  it('without a parent goes on top of whatever is there', async () => {
    const file = await api.upload('on top');
    const { id } = await api.create({ name: 'on top' });
    const made = await Promise.all(
      Array.from({ length: 12 }, (_, n) => api.commit(id, [put(`${n}.csv`, file)])),
    );
    expect(made.map(({ versionNumber }) => versionNumber).sort((x, y) => x - y)).toEqual(
      Array.from({ length: 12 }, (_, n) => n + 1),
    );
    expect(await paths(id, 'latest')).toHaveLength(12);
  });

  it('with an Idempotency-Key is made once, however often it is sent', async () => {
    const file = await api.upload('once');
    const { id } = await api.create({ name: 'once' });
    const headers = { 'Idempotency-Key': 'commit-once' };
    const answers = await Promise.all(
      Array.from({ length: 50 }, async () => {
        const response = await api.tryCommit(id, { changes: [put('a', file)] }, headers);
        expect(response.status).toBe(201);
        return await response.text();
      }),
    );
    expect(new Set(answers).size).toBe(1);
    expect(JSON.parse(answers[0] as string)).toMatchObject({ versionNumber: 1 });
    const other = await api.tryCommit(id, { changes: [put('b', file)] }, headers);
    await expectProblem(other, 422, 'idempotency-key-reused');
  });

  it('counts files, bytes and references exactly', async () => {
    const file = await api.upload('counted content');
    const { id } = await api.create({ name: 'counted' });
    await api.commit(id, [put('a', file), put('b', file)]);
    await api.commit(id, [put('a', file), remove('b')]);
    const [counts] = await app.database.query(
      `SELECT f.reference_count::int AS count, d.logical_bytes::int AS logical,
              d.stored_bytes::int AS stored
       FROM files f, datasets d WHERE f.id = $1 AND d.id = $2`,
      [file, id],
    );
    // One hold and three puts; a version keeps what it shows.
    expect(counts).toEqual({ count: 4, logical: 45, stored: 15 });
  });

  it('is told as an overlay document in canonical JSON', async () => {
    const file = await api.upload('overlaid', 'o.csv');
    const { id } = await api.create({ name: 'overlay' });
    await api.commit(id, [put('b', file), put('a', file)]);
    const version = await api.commit(id, [remove('b'), move('a', 'c')]);
    const response = await app.fetch(`/v1/files/${version.overlayFileId}/content`);
    expect(await response.text()).toBe(
      '{"changes":[{"op":"delete","path":"b"},{"from":"a","op":"move","path":"c"}],"version":1}',
    );
  });

  it('takes what a put says of its file, else what the caller has said', async () => {
    const file = await api.upload('typed', 'typed.csv');
    const { id } = await api.create({ name: 'typed' });
    const own = { fileType: 'text', mimeType: 'text/plain', index: 3, metadata: { own: true } };
    await api.commit(id, [put('a', file, own), put('b', file)]);
    expect(await api.files(id, 1)).toMatchObject([
      { path: 'a', ...own, contentHash: `sha256:${sha256('typed')}`, size: 5 },
      { path: 'b', fileType: 'csv', fileName: 'typed.csv', index: null, metadata: {} },
    ]);
  });
});

describe('Changes that are refused', () => {
  let id: string;
  let file: number;
  beforeAll(async () => {
    file = await api.upload('refused');
    const files = ['a', 'folder/b', 'folder/c'].map((path) => ({ path, fileId: file }));
    ({ id } = await api.create({ name: 'refusing', files }));
  });

  it.each<[string, () => object[], number, string]>([
    ['none', () => [], 400, 'validation-failed'],
    ['a file that nobody has', () => [put('x', 2_000_000_000)], 404, 'file-not-found'],
    ['a path twice', () => [put('x', file), put('x', file)], 400, 'validation-failed'],
    ['a put of what is deleted', () => [put('a', file), remove('a')], 400, 'validation-failed'],
    ['two moves of one file', () => [move('a', 'x'), move('a', 'y')], 400, 'validation-failed'],
    ['a move to itself', () => [move('a', 'a')], 400, 'validation-failed'],
    ['the delete of an absent path', () => [remove('nowhere')], 409, 'path-absent'],
    ['the move of an absent path', () => [move('nowhere', 'x')], 409, 'path-absent'],
    ['a move onto a file', () => [move('a', 'folder/b')], 409, 'path-exists'],
    ['a file in a file', () => [put('a/x', file)], 409, 'path-conflict'],
    ['a file for a folder', () => [put('folder', file)], 409, 'path-conflict'],
    ['file and folder at once', () => [put('x', file), put('x/y', file)], 409, 'path-conflict'],
    ['no such operation', () => [{ op: 'copy', path: 'a' }], 400, 'validation-failed'],
    ['an unknown field', () => [put('x', file, { size: 1 })], 400, 'validation-failed'],
    [
      'a fileId that is none',
      () => [{ op: 'put', path: 'x', fileId: '1' }],
      400,
      'validation-failed',
    ],
    ['no object', () => [7 as unknown as object], 400, 'validation-failed'],
  ])('%s', async (_, changes, status, code) => {
    await expectProblem(await api.tryCommit(id, { changes: changes() }), status, code);
    expect(await paths(id, 'latest')).toEqual(['a', 'folder/b', 'folder/c']);
  });

  it.each([
    '',
    '/absolute',
    'a//b',
    'a/',
    '.',
    '../up',
    'a/../b',
    'a/./b',
    'a\\b',
    'nul\u0000',
    'line\nbreak',
    'x'.repeat(1025),
    'é'.repeat(513),
    '\ud800',
  ])('the path %j', async (path) => {
    const response = await api.tryCommit(id, { changes: [put(path, file)] });
    const { errors } = await expectProblem(response, 400, 'validation-failed');
    expect(errors).toMatchObject([{ pointer: '/changes/0/path' }]);
  });

  it('but not a swap, nor a folder that takes the place of its file', async () => {
    const [one, two] = [await api.upload('one'), await api.upload('two')];
    const dataset = await api.create({ name: 'swap' });
    await api.commit(dataset.id, [put('one', one), put('two', two)]);
    await api.commit(dataset.id, [move('one', 'two'), move('two', 'one')]);
    expect(await textAt(dataset.id, 2, 'one')).toBe('two');
    await api.commit(dataset.id, [remove('one'), put('one/inner', one)]);
    expect(await paths(dataset.id, 3)).toEqual(['one/inner', 'two']);
    await api.commit(dataset.id, [remove('one/inner'), put('one', one)]);
    expect(await paths(dataset.id, 4)).toEqual(['one', 'two']);
  });

  it('twins: two spellings of one name are one path, two cases are two', async () => {
    const dataset = await api.create({ name: 'twins' });
    const twins = [put('caf\u00e9', file), put('cafe\u0301', file)];
    const response = await api.tryCommit(dataset.id, { changes: twins });
    await expectProblem(response, 400, 'validation-failed');
    await api.commit(dataset.id, [put('A.csv', file), put('a.csv', file), put('cafe\u0301', file)]);
    expect(await paths(dataset.id, 1)).toEqual(['A.csv', 'a.csv', 'caf\u00e9']);
    expect((await api.content(dataset.id, 1, 'cafe\u0301')).status).toBe(200);
  });
});

describe('The files of a version', () => {
  it('are listed by prefix and by folder, page by page', async () => {
    const file = await api.upload('listed in pages');
    const all = ['a', 'b/1', 'b/2', 'b/c/3', 'b.csv', 'b0', 'z/1', 'ü/1', '🎈'];
    const files = all.map((path) => ({ path, fileId: file }));
    const { id } = await api.create({ name: 'pages', files });
    const inOrder = [...all].sort((x, y) => Buffer.compare(Buffer.from(x), Buffer.from(y)));
    for (const limit of [1, 2, 3, 100]) {
      expect(await paths(id, 1, `limit=${limit}`)).toEqual(inOrder);
      expect(await paths(id, 1, `limit=${limit}&delimiter=/`)).toEqual([
        'a',
        'b.csv',
        'b/',
        'b0',
        'z/',
        'ü/',
        '🎈',
      ]);
      expect(await paths(id, 1, `limit=${limit}&prefix=b/`)).toEqual(['b/1', 'b/2', 'b/c/3']);
      expect(await paths(id, 1, `limit=${limit}&prefix=b/&delimiter=/`)).toEqual([
        'b/1',
        'b/2',
        'b/c/',
      ]);
    }
    expect(await paths(id, 1, 'prefix=nothing')).toEqual([]);
    for (const query of ['prefix=%00', 'delimiter=%00', 'delimiter=', 'limit=0', 'unknown=1']) {
      const response = await app.fetch(`/v1/datasets/${id}/versions/1/files?${query}`);
      await expectProblem(response, 400, 'validation-failed');
    }
    const { nextCursor } = await app.json<{ nextCursor: string }>(
      200,
      `/v1/datasets/${id}/versions/1/files?limit=1`,
    );
    const elsewhere = `/v1/datasets/${id}/versions/1/files?prefix=b/&cursor=${nextCursor}`;
    await expectProblem(await app.fetch(elsewhere), 400, 'cursor-mismatch');
    for (const path of ['%00', 'b', 'a/', '%FF', '..%2Fa']) {
      const response = await app.fetch(`/v1/datasets/${id}/versions/1/content/${path}`);
      expect([400, 404]).toContain(response.status);
    }
  });

  it('are found again at every version, whatever was changed before', async () => {
    const contents = await Promise.all(['x', 'y', 'z'].map((text) => api.upload(text)));
    const { id } = await api.create({ name: 'model' });
    // An independent model: a plain map for each version.
    const history: Map<string, number>[] = [];
    const random = (n: number) => Math.floor(Math.random() * n);
    for (let version = 1; version <= 40; version += 1) {
      const next = new Map(history.at(-1));
      const changes: object[] = [];
      const touched = new Set<string>();
      for (let n = 0; n < 6; n += 1) {
        const path = `d${random(4)}/f${random(6)}`;
        if (touched.has(path)) continue;
        touched.add(path);
        if (next.has(path) && random(3) === 0) {
          changes.push(remove(path));
          next.delete(path);
        } else {
          const fileId = contents[random(3)] as number;
          changes.push(put(path, fileId));
          next.set(path, fileId);
        }
      }
      await api.commit(id, changes);
      history.push(next);
    }
    const [deepest] = await app.database.query<{ layers: number }>(
      `SELECT max(count)::int AS layers FROM (
         SELECT count(*) FROM version_layers GROUP BY version_id) counts`,
    );
    expect(deepest?.layers).toBeLessThanOrEqual(8);
    for (const [index, model] of history.entries()) {
      const listed = await api.files(id, index + 1, 'limit=7');
      expect(listed.map(({ path, fileId }) => [path, fileId])).toEqual(
        [...model].sort(([x], [y]) => (x < y ? -1 : 1)),
      );
    }
  });
});
