import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { join } from 'node:path';
import { GarbageCollector } from '../../src/storage/index.js';
import { startTestApp, type TestApp } from '../support/app.js';
import { datasetsApi, type Dataset } from '../support/datasets.js';
import { sha256 } from '../support/digests.js';
import { breaches, diskStore, quiesce } from '../support/invariants.js';
import { expectNothingLeft, traces } from '../support/leftovers.js';
import { multipart, type FormPart } from '../support/multipart.js';
import { expectProblem } from '../support/problems.js';
import { rawConnection, requestHead } from '../support/raw-http.js';

let app: TestApp;
let api: ReturnType<typeof datasetsApi>;
beforeAll(async () => {
  app = await startTestApp({
    UPLOAD_MAX_BYTES: '1000000',
    UPLOAD_MAX_FILES: '20',
    GC_GRACE_SECONDS: '0',
    GC_RETAIN_SECONDS: '0',
  });
  api = datasetsApi(app);
});
afterAll(() => app.stop());

const file = (path: string, content: string, name = 'files'): FormPart => ({
  name,
  fileName: path,
  type: 'application/octet-stream',
  content,
});
const field = (name: string, content: unknown): FormPart => ({
  name,
  content: typeof content === 'string' ? content : JSON.stringify(content),
});
const send = (
  parts: FormPart[],
  headers: Record<string, string> = {},
  options?: { close: boolean },
) => {
  const { body, type } = multipart(parts, options);
  return app.fetch('/v1/datasets', {
    method: 'POST',
    body: new Uint8Array(body),
    headers: { 'Content-Type': type, ...headers },
  });
};
const made = async (parts: FormPart[], headers = {}): Promise<Dataset> => {
  const response = await send(parts, headers);
  expect(`${response.status} ${response.status === 201 ? '' : await response.text()}`).toBe('201 ');
  const dataset = (await response.json()) as Dataset;
  expect(response.headers.get('location')).toBe(`/v1/datasets/${dataset.id}`);
  return dataset;
};
const datasetCount = async () => {
  const [row] = await app.database.query<{ n: number }>('SELECT count(*)::int AS n FROM datasets');
  return row?.n;
};

describe('POST /v1/datasets as a form', () => {
  it('makes a dataset with its files at the paths that they are named by', async () => {
    const dataset = await made([
      field('dataset', { name: 'In a form', tags: ['b', 'a'], metadata: { n: 1 } }),
      file('data/ü.csv', 'a,b\n'),
      file('README.md', '# read me'),
      file('raw/CON', 'no name for a download'),
    ]);
    expect(dataset).toMatchObject({
      name: 'In a form',
      tags: ['a', 'b'],
      metadata: { n: 1 },
      latestVersion: 1,
    });
    expect(await app.json(200, `/v1/datasets/${dataset.id}`)).toEqual(dataset);
    expect(await api.files(dataset.id, 1)).toMatchObject([
      { path: 'README.md', fileName: 'README.md', mimeType: 'text/markdown', size: 9 },
      { path: 'data/ü.csv', fileName: 'ü.csv', fileType: 'csv', mimeType: 'text/csv' },
      { path: 'raw/CON', fileName: null },
    ]);
    expect(await (await api.content(dataset.id, 1, 'data/ü.csv')).text()).toBe('a,b\n');
    const version = await app.json<{ overlayFileId: number }>(
      200,
      `/v1/datasets/${dataset.id}/versions/1`,
    );
    const overlay = await app.fetch(`/v1/files/${version.overlayFileId}/content`);
    expect(await overlay.json()).toMatchObject({
      changes: [
        { path: 'README.md', contentHash: `sha256:${sha256('# read me')}`, size: 9 },
        { path: 'data/ü.csv' },
        { path: 'raw/CON' },
      ],
    });
  });

  it('takes the members of `dataset` as fields, before or after the files', async () => {
    const dataset = await made([
      file('a.csv', 'a', 'file'),
      field('name', 'By fields'),
      field('description', ''),
      field('visibility', 'public'),
      field('slug', 'by-fields'),
      field('tags', 'one'),
      field('tags', 'two'),
      field('metadata', { deep: [1] }),
    ]);
    expect(dataset).toMatchObject({
      slug: 'by-fields',
      description: '',
      visibility: 'public',
      tags: ['one', 'two'],
      metadata: { deep: [1] },
    });
    const many = Array.from({ length: 50 }, (_, n) => `tag ${n + 10}`);
    const tagged = [field('name', 'Fifty'), ...many.map((tag) => field('tags', tag))];
    expect(await made(tagged)).toMatchObject({ tags: many });
    const single = [field('name', 'One tag'), field('tags', 'only')];
    expect(await made(single)).toMatchObject({ tags: ['only'], latestVersion: null });
  });

  it('describes its parts by path, and adds files that are there already', async () => {
    const fileId = await api.upload('there already');
    const dataset = await made([
      file('x/part.bin', 'described'),
      file('plain.csv', 'plain'),
      field('dataset', {
        name: 'Described',
        files: [
          { path: 'x/part.bin', fileType: 'text', mimeType: 'text/plain', index: 4 },
          { path: 'x/old.csv', fileId, metadata: { old: true } },
        ],
      }),
    ]);
    expect(await api.files(dataset.id, 1)).toMatchObject([
      { path: 'plain.csv', fileType: 'csv', index: null },
      { path: 'x/old.csv', fileId, metadata: { old: true } },
      { path: 'x/part.bin', fileType: 'text', mimeType: 'text/plain', index: 4 },
    ]);
  });

  it('keeps one reference for each file and one for the overlay, also of twins', async () => {
    const before = await traces(app);
    const { id } = await made([
      field('name', 'Twins'),
      file('one.csv', 'a twin'),
      file('two.csv', 'a twin'),
      file('three.csv', 'another'),
    ]);
    const references = await app.database.query(
      `SELECT r.owner_type, r.owner_id, f.reference_count::int AS count, f.size_bytes::int AS size
       FROM file_references r JOIN files f ON f.id = r.file_id
       WHERE r.owner_id = $1 ORDER BY f.size_bytes, r.id`,
      [id],
    );
    const owner = { owner_type: 'dataset', owner_id: id };
    expect(references).toMatchObject([
      { ...owner, size: 6, count: 2 },
      { ...owner, size: 6, count: 2 },
      { ...owner, size: 7, count: 1 },
      { ...owner, count: 1 },
    ]);
    const after = await traces(app);
    expect(after.references - before.references).toBe(4);
    expect(after.files - before.files).toBe(3);
    expect(after.intents).toBe(before.intents);
    const [sizes] = await app.database.query(
      'SELECT logical_bytes::int AS logical, stored_bytes::int AS stored FROM datasets WHERE id = $1',
      [id],
    );
    expect(sizes).toEqual({ logical: 19, stored: 13 });
  });

  it('with an Idempotency-Key is made once', async () => {
    const parts = (content: string) => [field('name', 'Once'), file('a.csv', content)];
    const headers = { 'Idempotency-Key': 'form-once' };
    const first = await made(parts('once'), headers);
    const before = await traces(app);
    expect(await made(parts('once'), headers)).toEqual(first);
    await expectProblem(await send(parts('other'), headers), 422, 'idempotency-key-reused');
    await expectNothingLeft(app, before);
  });
});

describe('A form that is refused leaves nothing', () => {
  const good = [field('name', 'Refused'), file('good.csv', 'good')];

  it.each<[string, FormPart[], number, string]>([
    ['a bad path at its end', [...good, file('../up', 'bad')], 400, 'validation-failed'],
    ['an absolute path', [...good, file('/etc/passwd', 'bad')], 400, 'validation-failed'],
    ['a path twice', [...good, file('good.csv', 'again')], 400, 'validation-failed'],
    ['a file that is a folder', [...good, file('good.csv/x', 'x')], 409, 'path-conflict'],
    ['no name', [file('good.csv', 'good')], 400, 'validation-failed'],
    ['an unknown field', [...good, field('size', '1')], 400, 'validation-failed'],
    ['a part of another name', [...good, file('x', 'x', 'other')], 400, 'validation-failed'],
    ['`dataset` that is no JSON', [...good, field('dataset', '{')], 400, 'validation-failed'],
    ['`dataset` that is a list', [...good, field('dataset', [])], 400, 'validation-failed'],
    ['metadata that is no object', [...good, field('metadata', [])], 400, 'validation-failed'],
    [
      'a description without its part',
      [...good, field('files', [{ path: 'absent.csv', fileType: 'csv' }])],
      400,
      'validation-failed',
    ],
    [
      'a bad description',
      [...good, field('files', [{ path: 'good.csv', fileType: '!' }])],
      400,
      'validation-failed',
    ],
    ['a name that is no UTF-8', [field('name', 'a\ufffdb')], 400, 'validation-failed'],
    [
      'a file that nobody has',
      [...good, field('files', [{ path: 'b', fileId: 2_000_000_000 }])],
      404,
      'file-not-found',
    ],
    ['a file too large', [...good, file('big', 'x'.repeat(1_000_001))], 413, 'upload-too-large'],
    [
      'too many files',
      [...good, ...Array.from({ length: 20 }, (_, n) => file(`${n}`, `${n}`))],
      400,
      'validation-failed',
    ],
  ])('%s', async (_, parts, status, code) => {
    const [before, datasets] = [await traces(app), await datasetCount()];
    await expectProblem(await send(parts), status, code);
    expect(await datasetCount()).toBe(datasets);
    await expectNothingLeft(app, before);
  });

  it('a slug that is taken', async () => {
    await made([field('name', 'Taken'), field('slug', 'taken-slug')]);
    const [before, datasets] = [await traces(app), await datasetCount()];
    await expectProblem(await send([...good, field('slug', 'taken-slug')]), 409, 'slug-taken');
    expect(await datasetCount()).toBe(datasets);
    await expectNothingLeft(app, before);
  });

  it('a form that is cut, or whose client goes', async () => {
    const [before, datasets] = [await traces(app), await datasetCount()];
    await expectProblem(await send(good, {}, { close: false }), 400, 'malformed-multipart');
    const { body, type } = multipart([...good, file('long.csv', 'x'.repeat(500_000))]);
    const connection = await rawConnection(app);
    await connection.send(
      requestHead(app, 'POST /v1/datasets', {
        'Content-Type': type,
        'Content-Length': body.length,
      }),
    );
    await connection.send(body.subarray(0, 300_000));
    connection.reset();
    await expectNothingLeft(app, before);
    expect(await datasetCount()).toBe(datasets);
  });

  it('so that in the end every byte belongs to a file, and every file to somebody', async () => {
    const collector = app.app.get(GarbageCollector, { strict: false });
    await quiesce(app.database, () => collector.collect());
    const store = diskStore(join(app.env.STRATUM_DATA_DIR, 'storage'));
    expect(await breaches(app.database, store)).toEqual([]);
  });
});
