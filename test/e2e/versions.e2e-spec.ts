import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { encodeCursor } from '../../src/core/http/cursor.js';
import { startTestApp, type TestApp } from '../support/app.js';
import { datasetsApi, move, put, remove } from '../support/datasets.js';
import { sha256 } from '../support/digests.js';
import { expectProblem } from '../support/problems.js';

let app: TestApp;
let api: ReturnType<typeof datasetsApi>;
beforeAll(async () => {
  app = await startTestApp();
  api = datasetsApi(app);
});
afterAll(() => app.stop());

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
    for (let round = 1; round <= 3; round += 1) {
      const rivals = await Promise.all(
        Array.from({ length: 20 }, (_, n) =>
          api.tryCommit(id, { parent: round, changes: [put(`${round}-${n}`, file)] }),
        ),
      );
      expect(rivals.map(({ status }) => status).sort((x, y) => x - y)).toEqual([
        201,
        ...Array(19).fill(412),
      ]);
      expect(await paths(id, 'latest')).toHaveLength(1 + round);
    }
    const [count] = await app.database.query<{ n: number }>(
      'SELECT count(*)::int AS n FROM dataset_versions WHERE dataset_id = $1',
      [id],
    );
    expect(count).toEqual({ n: 4 });
  });

  it('does not disturb whoever is paging through a branch', async () => {
    const file = await api.upload('paged while it grows');
    const before = Array.from({ length: 30 }, (_, n) => `${String(n).padStart(2, '0')}.csv`);
    const files = before.map((path) => ({ path, fileId: file }));
    const { id } = await api.create({ name: 'paged', files });
    const reading = api.files(id, 'main', 'limit=3');
    const writing = (async () => {
      for (let n = 0; n < 15; n += 1) {
        await api.commit(id, [put(`${n}-inserted`, file), remove(before[n] as string)]);
      }
    })();
    const [listed] = await Promise.all([reading, writing]);
    // Every page is of the version that the first one was of.
    const model = (version: number): string[] => [
      ...Array.from({ length: version - 1 }, (_, n) => `${n}-inserted`),
      ...before.slice(version - 1),
    ];
    const seen = listed.map(({ path }) => path);
    expect(
      Array.from({ length: 16 }, (_, n) =>
        model(n + 1)
          .sort()
          .join(),
      ),
    ).toContain(seen.join());
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
    await api.commit(id, [move('a', 'c')]);
    const [counts] = await app.database.query(
      `SELECT f.reference_count::int AS count, d.logical_bytes::int AS logical,
              d.stored_bytes::int AS stored
       FROM files f, datasets d WHERE f.id = $1 AND d.id = $2`,
      [file, id],
    );
    // One hold, three puts and a move; a version keeps what it shows.
    expect(counts).toEqual({ count: 5, logical: 60, stored: 15 });
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
    await api.commit(
      id,
      ['ab', 'abc', 'abd', 'abbx', 'abby'].map((path) => put(path, file)),
    );
    for (const limit of [1, 2, 100]) {
      const folders = ['ab', 'abb/', 'abc', 'abd'].map((path) => path.replace('/', ''));
      expect(await paths(id, 2, `limit=${limit}&prefix=ab&delimiter=b`)).toEqual(folders);
    }
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
    const scope = { datasetId: id, ref: '1', prefix: '', delimiter: null };
    for (const key of [
      { version: 5, path: 'a', isFolder: false },
      { version: id, path: '\u0000', isFolder: false },
      { version: 'latest', path: 'a', isFolder: false },
      { version: id, path: 5, isFolder: false },
    ]) {
      const forged = encodeCursor(key, 'version-files', scope);
      const response = await app.fetch(`/v1/datasets/${id}/versions/1/files?cursor=${forged}`);
      await expectProblem(response, 400, 'cursor-mismatch');
    }
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

describe('{ref}', () => {
  it('is a number, an id, a branch or latest; others are not found', async () => {
    const fileId = await api.upload('ref');
    const { id } = await api.create({ name: 'Refs', files: [{ path: 'a', fileId }] });
    const version = await api.commit(id, [{ op: 'put', path: 'b', fileId }]);
    for (const ref of ['2', version.id, 'main', 'latest']) {
      expect(await app.json(200, `/v1/datasets/${id}/versions/${ref}`)).toEqual(version);
    }
    for (const ref of ['0', '3', '999999999', '99999999999', 'nowhere', '%00', id]) {
      const response = await app.fetch(`/v1/datasets/${id}/versions/${ref}`);
      await expectProblem(response, 404, 'version-not-found');
    }
    const { items } = await app.json<{ items: object[] }>(200, `/v1/datasets/${id}/versions`);
    expect(items).toMatchObject([{ versionNumber: 2 }, { versionNumber: 1 }]);
  });

  it('is read with ranges and conditions like any content', async () => {
    const fileId = await api.upload('0123456789');
    const { id } = await api.create({ name: 'Ranges', files: [{ path: 'd/ü x.csv', fileId }] });
    const path = `/v1/datasets/${id}/versions/1/content/d/%C3%BC%20x.csv`;
    const part = await app.fetch(path, { headers: { Range: 'bytes=2-4' } });
    expect([part.status, await part.text()]).toEqual([206, '234']);
    const etag = part.headers.get('etag') as string;
    expect((await app.fetch(path, { headers: { 'If-None-Match': etag } })).status).toBe(304);
    expect((await app.fetch(path, { method: 'HEAD' })).headers.get('content-length')).toBe('10');
    expect(part.headers.get('content-disposition')).toContain("filename*=UTF-8''%C3%BC%20x.csv");
  });
});
