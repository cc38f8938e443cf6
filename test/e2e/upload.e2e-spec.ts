import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { GarbageCollector } from '../../src/storage/index.js';
import { startTestApp, type TestApp } from '../support/app.js';
import { reprDigest, sha256 } from '../support/digests.js';
import { expectNothingLeft, traces } from '../support/leftovers.js';
import { fileForm, multipart, type Multipart } from '../support/multipart.js';
import { expectProblem } from '../support/problems.js';
import { rawExchange, requestHead } from '../support/raw-http.js';

let app: TestApp;
beforeAll(async () => {
  app = await startTestApp();
});
afterAll(() => app.stop());

interface CreatedFile {
  id: number;
  contentHash: string;
  size: number;
  deduplicated: boolean;
  metadata: Record<string, unknown>;
  expiresAt: string | null;
}

const post = (form: Multipart, headers: Record<string, string> = {}) =>
  app.fetch('/v1/files', {
    method: 'POST',
    body: new Uint8Array(form.body),
    headers: { 'Content-Type': form.type, ...headers },
  });

const postRaw = (
  content: Uint8Array<ArrayBuffer> | string,
  query: Record<string, string> = {},
  headers: Record<string, string> = {},
) =>
  app.fetch(`/v1/files?${new URLSearchParams(query).toString()}`, {
    method: 'POST',
    body: content,
    headers,
  });

const created = async (response: Response): Promise<CreatedFile> => {
  expect(response.status).toBe(201);
  return (await response.json()) as CreatedFile;
};

const bytesOf = async (id: number) =>
  Buffer.from(await (await app.fetch(`/v1/files/${id}/content`)).arrayBuffer());

describe('a hold that ends by itself', () => {
  const content = randomBytes(64);

  it('is gone when its time is over, and the collector counts it off', async () => {
    const expiresAt = new Date(Date.now() + 1500).toISOString();
    const file = await created(await app.upload(content, { fields: { expiresAt } }));
    expect(file.expiresAt).toBe(expiresAt);
    await app.json(200, `/v1/files/${file.id}`);
    await delay(1600);
    await app.json(404, `/v1/files/${file.id}`);
    const report = await app.app.get(GarbageCollector).collect();
    expect(report.expired).toBe(1);
    expect(
      await app.database.query('SELECT reference_count FROM files WHERE id = $1', [file.id]),
    ).toEqual([{ reference_count: '0' }]);
  });

  it.each([
    '2020-01-01T00:00:00Z',
    '2999-01-01',
    'tomorrow',
    '2999-13-01T00:00:00Z',
    '2999-02-30T00:00:00Z',
    '2999-01-31T24:00:00Z',
    '9999-12-31T23:59:59-23:59',
  ])('is not taken until %s', async (expiresAt) => {
    const response = await app.upload(content, { fields: { expiresAt } });
    await expectProblem(response, 400, 'validation-failed');
  });
});

describe('bytes that follow a whole upload', () => {
  it.each([
    ['a length', { 'Content-Length': 5 }, (text: string) => text],
    ['chunks', { 'Transfer-Encoding': 'chunked' }, (text: string) => `5\r\n${text}\r\n0\r\n\r\n`],
  ])('with %s do not take its answer', async (_, headers, framed) => {
    const head = requestHead(app, 'POST /v1/files', headers as Record<string, string>);
    for (let n = 0; n < 5; n += 1) {
      const answer = await rawExchange(app, `${head}${framed(`tail${n}`)}GARBAGE`);
      expect(answer).toMatchObject({ status: 201, headers: { connection: 'close' } });
    }
  });
});

describe('POST /v1/files with a form', () => {
  it('answers 201 with the whole description, and the bytes come back', async () => {
    const content = randomBytes(3_000_001);
    const fields = {
      fileType: 'csv',
      mimeType: 'text/csv',
      compressionType: 'zstd',
      metadata: '{"source":"sensor 7","runs":[1,2]}',
    };
    const response = await app.upload(content, { fileName: 'a.bin', fields });
    const file = await created(response);
    expect(file).toEqual({
      id: expect.any(Number),
      contentHash: `sha256:${sha256(content)}`,
      size: 3_000_001,
      fileType: 'csv',
      fileName: 'a.bin',
      mimeType: 'text/csv',
      compressionType: 'zstd',
      metadata: { source: 'sensor 7', runs: [1, 2] },
      expiresAt: null,
      deduplicated: false,
      createdAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
    });
    expect(response.headers.get('location')).toBe(`/v1/files/${file.id}`);
    expect((await bytesOf(file.id)).equals(content)).toBe(true);
    const described = await app.json(200, `/v1/files/${file.id}`);
    expect({ ...described, deduplicated: false }).toEqual(file);
  });

  it('takes the description from fields before the file as from fields after it', async () => {
    const fields = { fileType: 'json', metadata: '{"n":1}', fileName: 'named.txt' };
    const before = await created(await post(fileForm('before', 'x.bin', { before: fields })));
    const after = await created(await post(fileForm('after', 'x.bin', { after: fields })));
    const description = { fileType: 'json', metadata: { n: 1 }, fileName: 'named.txt' };
    expect(before).toMatchObject(description);
    expect(after).toMatchObject(description);
  });

  it('reads type and compression off the file name when nothing says them', async () => {
    const file = await created(await post(fileForm('rows', 'Table.CSV.gz')));
    expect(file).toMatchObject({ fileType: 'csv', compressionType: 'gzip' });
    const plain = await created(
      await post(multipart([{ name: 'file', fileName: 'noextension', content: 'plain' }])),
    );
    expect(plain).toMatchObject({ fileType: 'binary', compressionType: null, metadata: {} });
  });

  it('stores an empty file', async () => {
    const file = await created(await app.upload('', { fileName: 'empty.csv' }));
    expect(file).toMatchObject({ size: 0, contentHash: `sha256:${sha256('')}` });
    expect((await bytesOf(file.id)).length).toBe(0);
  });

  it('stores one content once, however often and however named it comes', async () => {
    const content = randomBytes(100_000);
    const first = await created(await app.upload(content, { fileName: 'one.csv' }));
    const second = await created(await app.upload(content, { fileName: 'two.json' }));
    const third = await created(await postRaw(new Uint8Array(content)));
    expect([first, second, third].map(({ deduplicated }) => deduplicated)).toEqual([
      false,
      true,
      true,
    ]);
    expect(new Set([first.id, second.id, third.id]).size).toBe(1);
    const rows = await app.database.query(
      `SELECT reference_count::int AS count,
              (SELECT count(*)::int FROM file_references r WHERE r.file_id = f.id) AS references
       FROM files f WHERE content_hash = $1`,
      [sha256(content)],
    );
    expect(rows).toEqual([{ count: 3, references: 3 }]);
    const { files, objects, intents } = await traces(app);
    expect(objects).toHaveLength(files);
    expect(intents).toBe(0);
  });

  it('shows the description of the latest upload of a content', async () => {
    const first = await created(
      await app.upload('described', { fileName: 'a.csv', fields: { metadata: '{"v":1}' } }),
    );
    await created(
      await app.upload('described', { fileName: 'b.json', fields: { metadata: '{"v":2}' } }),
    );
    expect(await app.json(200, `/v1/files/${first.id}`)).toMatchObject({
      fileName: 'b.json',
      fileType: 'json',
      metadata: { v: 2 },
    });
  });
});

describe('POST /v1/files with a raw body', () => {
  it('takes the description from the query and the media type from the header', async () => {
    const content = new Uint8Array(randomBytes(70_000));
    const query = { fileType: 'parquet', fileName: 'day 1.parquet', metadata: '{"day":1}' };
    const response = await postRaw(content, query, { 'Content-Type': 'application/x-parquet' });
    const file = await created(response);
    expect(file).toMatchObject({
      ...query,
      metadata: { day: 1 },
      mimeType: 'application/x-parquet',
      compressionType: null,
      contentHash: `sha256:${sha256(content)}`,
    });
    expect(response.headers.get('location')).toBe(`/v1/files/${file.id}`);
  });

  it('takes a body of unknown length', async () => {
    const chunks = [randomBytes(1_200_000), randomBytes(3), randomBytes(900_000)];
    const response = await app.fetch('/v1/files', {
      method: 'POST',
      body: ReadableStream.from(chunks),
      duplex: 'half',
    });
    const file = await created(response);
    expect((await bytesOf(file.id)).equals(Buffer.concat(chunks))).toBe(true);
  });

  it('stores a JSON document as the file it is', async () => {
    const text = '{"not": "parsed",\n "here": 1e999}';
    const file = await created(await postRaw(text, {}, { 'Content-Type': 'application/json' }));
    expect((await bytesOf(file.id)).toString()).toBe(text);
  });

  it('stores an empty body', async () => {
    const file = await created(await postRaw('', { fileName: 'nothing.csv' }));
    expect(file).toMatchObject({ size: 0, contentHash: `sha256:${sha256('')}` });
  });
});

describe('Repr-Digest of an upload', () => {
  it('lets content through that is what its digest says', async () => {
    const digest = `sha-512=:AAAA:, ${reprDigest('digested')}`;
    await created(await post(fileForm('digested'), { 'Repr-Digest': digest }));
    await created(await postRaw('digested', {}, { 'Repr-Digest': digest }));
  });

  it.each([
    ['a form', (digest: string) => post(fileForm('other bytes'), { 'Repr-Digest': digest })],
    ['a raw body', (digest: string) => postRaw('other bytes', {}, { 'Repr-Digest': digest })],
  ])('refuses other content in %s and keeps nothing', async (_, send) => {
    const before = await traces(app);
    const { detail } = await expectProblem(
      await send(reprDigest('expected')),
      422,
      'digest-mismatch',
    );
    expect(detail).toContain(sha256('expected'));
    expect(detail).toContain(sha256('other bytes'));
    await expectNothingLeft(app, before);
  });

  it.each([
    'sha-256=abc',
    'sha-256=:AAAA:',
    'sha-256',
    '???',
    'sha-512=:AAAA:',
    `sha-256="${sha256('x')}"`,
  ])('refuses the malformed header %s', async (digest) => {
    const before = await traces(app);
    for (const send of [
      () => post(fileForm('bytes'), { 'Repr-Digest': digest }),
      () => postRaw('bytes', {}, { 'Repr-Digest': digest }),
    ]) {
      const { errors } = await expectProblem(await send(), 400, 'validation-failed');
      expect(errors).toEqual([{ pointer: 'Repr-Digest', detail: expect.any(String) }]);
    }
    await expectNothingLeft(app, before);
  });
});
