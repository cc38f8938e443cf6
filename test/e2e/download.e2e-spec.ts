import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { parse } from 'content-disposition';
import { startTestApp, type TestApp } from '../support/app.js';
import { reprDigest, sha256 } from '../support/digests.js';
import { expectProblem } from '../support/problems.js';
import { rawExchange, requestHead } from '../support/raw-http.js';

const CONTENT = randomBytes(2_500_000);
const ETAG = `"${sha256(CONTENT)}"`;
const OTHER = `"${sha256('other')}"`;

let app: TestApp;
let path: string;
beforeAll(async () => {
  app = await startTestApp();
  path = await upload(CONTENT, { fileName: 'numbers.csv', fields: { mimeType: 'text/csv' } });
});
afterAll(() => app.stop());

async function upload(...args: Parameters<TestApp['upload']>): Promise<string> {
  const response = await app.upload(...args);
  expect(response.status).toBe(201);
  return `/v1/files/${((await response.json()) as { id: number }).id}/content`;
}

const get = (headers: Record<string, string> = {}, method = 'GET') =>
  app.fetch(path, { headers, method });

describe('GET content', () => {
  it('sends the whole with its length, digest and validators', async () => {
    const response = await get();
    expect(response.status).toBe(200);
    expect(Buffer.from(await response.arrayBuffer()).equals(CONTENT)).toBe(true);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'content-length': '2500000',
      'content-type': 'text/csv',
      etag: ETAG,
      'repr-digest': reprDigest(CONTENT),
      'accept-ranges': 'bytes',
      'cache-control': 'private, no-cache',
    });
  });

  it('is never shown or sniffed by a browser', async () => {
    const evil = await upload('<script>alert(1)</script>', {
      fileName: 'page.html',
      fields: { mimeType: 'text/html' },
    });
    for (const method of ['GET', 'HEAD']) {
      const { headers } = await app.fetch(evil, { method });
      expect(headers.get('content-disposition')).toMatch(/^attachment/);
      expect(headers.get('x-content-type-options')).toBe('nosniff');
      expect(headers.get('content-security-policy')).toBe("sandbox; default-src 'none'");
      expect(headers.get('content-type')).toBe('text/html');
    }
  });

  it.each(['text/plain', 'text/plain; charset=windows-1252', 'application/json', 'text/csv'])(
    'sends the media type %s as it was given',
    async (mimeType) => {
      const file = await upload(`as ${mimeType}`, { fields: { mimeType } });
      expect((await app.fetch(file)).headers.get('content-type')).toBe(mimeType);
    },
  );

  it('does not decode what a compression type says', async () => {
    const packed = await upload('not really gzip', { fileName: 'a.csv.gz' });
    const response = await app.fetch(packed, { headers: { 'Accept-Encoding': 'gzip' } });
    expect(response.headers.get('content-encoding')).toBeNull();
    expect(await response.text()).toBe('not really gzip');
  });

  it('serves an empty file', async () => {
    const empty = await upload('');
    const response = await app.fetch(empty);
    expect(response.status).toBe(200);
    expect(response.headers.get('content-length')).toBe('0');
    expect(response.headers.get('etag')).toBe(`"${sha256('')}"`);
    expect((await response.arrayBuffer()).byteLength).toBe(0);
    const suffix = await app.fetch(empty, { headers: { Range: 'bytes=-5' } });
    expect([suffix.status, await suffix.text()]).toEqual([200, '']);
    for (const range of ['bytes=0-', 'bytes=0-0', 'bytes=-0']) {
      const ranged = await app.fetch(empty, { headers: { Range: range } });
      await expectProblem(ranged, 416, 'range-not-satisfiable');
      expect(ranged.headers.get('content-range')).toBe('bytes */0');
    }
  });
});

describe('HEAD content', () => {
  it('says what GET would, without a body', async () => {
    const answer = await rawExchange(
      app,
      requestHead(app, `HEAD ${path}`, { Connection: 'close' }),
    );
    expect(answer).toMatchObject({
      status: 200,
      headers: { 'content-length': '2500000', etag: ETAG, 'repr-digest': reprDigest(CONTENT) },
    });
    expect(answer?.body.length).toBe(0);
    expect(answer?.headers['transfer-encoding']).toBeUndefined();
  });

  it('ignores a range', async () => {
    const response = await get({ Range: 'bytes=0-9' }, 'HEAD');
    expect(response.status).toBe(200);
    expect(response.headers.get('content-length')).toBe('2500000');
  });

  it.each([
    ['abc', 400],
    ['2147483647', 404],
  ])('answers for the id %s with %d and no body', async (id, status) => {
    const line = `HEAD /v1/files/${id}/content`;
    const answer = await rawExchange(app, requestHead(app, line, { Connection: 'close' }));
    expect(answer).toMatchObject({
      status,
      headers: { 'content-type': expect.stringMatching(/^application\/problem\+json/) },
    });
    expect(answer?.body.length).toBe(0);
  });
});

describe('conditions', () => {
  it.each([ETAG, `W/${ETAG}`, '*', `${OTHER}, ${ETAG}`, `${OTHER} ,W/${ETAG}`])(
    'answers 304 to If-None-Match: %s',
    async (tags) => {
      for (const method of ['GET', 'HEAD']) {
        const response = await get({ 'If-None-Match': tags }, method);
        expect(response.status).toBe(304);
        expect(response.headers.get('etag')).toBe(ETAG);
        expect(await response.text()).toBe('');
      }
    },
  );

  it.each([OTHER, `W/${OTHER}`, ETAG.slice(1, -1), '""', 'x'])(
    'sends the whole to If-None-Match: %s',
    async (tags) => {
      const response = await get({ 'If-None-Match': tags });
      expect(response.status).toBe(200);
      await response.body?.cancel();
    },
  );

  it.each([ETAG, '*', `${OTHER}, ${ETAG}`])('lets If-Match: %s through', async (tags) => {
    const response = await get({ 'If-Match': tags, Range: 'bytes=0-3' });
    expect(response.status).toBe(206);
    expect(Buffer.from(await response.arrayBuffer()).equals(CONTENT.subarray(0, 4))).toBe(true);
  });

  it.each([OTHER, '""', `W/${ETAG}`])('answers 412 to If-Match: %s', async (tags) => {
    const response = await get({ 'If-Match': tags });
    expect(response.headers.get('repr-digest')).toBeNull();
    await expectProblem(response, 412, 'etag-mismatch');
    expect((await get({ 'If-Match': tags }, 'HEAD')).status).toBe(412);
  });
});

describe('Content-Disposition', () => {
  it.each([
    'plain.csv',
    'with space.csv',
    'quote".csv',
    "apostrophe's.csv",
    'semi;colon=.csv',
    'percent%20.csv',
    '100%.csv',
    '%41%.csv',
    'Grüße.csv',
    'таблица.csv',
    '表.csv',
    'עברית.csv',
    '😀 emoji 👩‍👩‍👧.csv',
    '€uro™.csv',
    'naïve%E2%82%AC.csv',
    '.hidden',
    'a,b.csv',
    "utf-8''x.csv",
    `${'長'.repeat(85)}`,
  ])('gives the name %s back', async (fileName) => {
    const named = await upload(`named ${fileName}`, { fields: { fileName } });
    const header = (await app.fetch(named)).headers.get('content-disposition') as string;
    expect(header).toMatch(/^attachment; [\x20-\x7e]+$/);
    const { type, parameters } = parse(header);
    expect(type).toBe('attachment');
    expect(parameters['filename']).toBe(fileName.normalize('NFC'));
  });

  it('makes a name of id and type for a file without one', async () => {
    const response = await app.fetch('/v1/files?fileType=csv', {
      method: 'POST',
      body: 'nameless',
    });
    const { id } = (await response.json()) as { id: number };
    const { headers } = await app.fetch(`/v1/files/${id}/content`);
    const { parameters } = parse(headers.get('content-disposition') as string);
    expect(parameters['filename']).toBe(`${id}.csv`);
  });
});
