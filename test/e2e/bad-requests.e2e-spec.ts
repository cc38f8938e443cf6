import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startTestApp, type TestApp } from '../support/app.js';
import { expectNothingLeft } from '../support/leftovers.js';
import { expectProblem } from '../support/problems.js';
import { rawConnection, rawExchange, requestHead } from '../support/raw-http.js';

let app: TestApp;
beforeAll(async () => {
  app = await startTestApp();
});
afterAll(async () => {
  await expectNothingLeft(app);
  await app.stop();
});

describe('ids in a path', () => {
  const REFUSED: Record<string, [number, string]> = {
    abc: [400, 'validation-failed'],
    '1.5': [400, 'validation-failed'],
    '1e3': [400, 'validation-failed'],
    '+1': [400, 'validation-failed'],
    '0x10': [400, 'validation-failed'],
    ' 1': [400, 'validation-failed'],
    '%20': [400, 'validation-failed'],
    '%00': [400, 'validation-failed'],
    '1%00': [400, 'validation-failed'],
    '%D9%A1': [400, 'validation-failed'],
    '1;drop table files': [400, 'validation-failed'],
    [`${'9'.repeat(500)}`]: [400, 'validation-failed'],
    '%zz': [400, 'bad-request'],
    '%ff': [400, 'bad-request'],
    '-1': [404, 'file-not-found'],
    '0': [404, 'file-not-found'],
    '1': [404, 'file-not-found'],
    '2147483647': [404, 'file-not-found'],
    '2147483648': [404, 'file-not-found'],
    '99999999999999999999': [404, 'file-not-found'],
  };

  it.each(
    Object.entries(REFUSED).map(
      ([id, [status, code]]) => [id.slice(0, 30), id, status, code] as const,
    ),
  )('%s is refused on every route', async (_, id, status, code) => {
    for (const [method, suffix] of [
      ['GET', ''],
      ['DELETE', ''],
      ['GET', '/content'],
    ] as const) {
      const path = `/v1/files/${id.replaceAll(' ', '%20')}${suffix}`;
      await expectProblem(await app.fetch(path, { method }), status, code);
    }
  });
});

describe('JSON bodies', () => {
  const post = (body: string | Uint8Array<ArrayBuffer>, headers: Record<string, string> = {}) =>
    app.fetch('/v1/files/preflight', {
      method: 'POST',
      body,
      headers: { 'Content-Type': 'application/json', ...headers },
    });

  it.each(['{', '{"digests":[}', 'digests', "{'digests':[]}", '"text"', '7', 'null', '\ufeff{'])(
    'that are malformed are refused: %s',
    async (body) => {
      await expectProblem(await post(body), 400, 'malformed-body');
    },
  );

  it('of more than 16 MiB are refused', async () => {
    const body = JSON.stringify({ digests: ['x'.repeat(16 * 1024 * 1024)] });
    await expectProblem(await post(body), 413, 'body-too-large');
  });

  it.each([
    'text/plain',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    '',
  ])('announced as %j are refused', async (type) => {
    const response = await post('{"digests":[]}', { 'Content-Type': type });
    await expectProblem(response, 415, 'unsupported-media-type');
  });

  it('in another charset are refused', async () => {
    const response = await post('{}', { 'Content-Type': 'application/json; charset=koi8-r' });
    await expectProblem(response, 415, 'unsupported-media-type');
  });

  it('that are compressed are refused', async () => {
    const response = await post('{}', { 'Content-Encoding': 'gzip' });
    await expectProblem(response, 415, 'unsupported-content-encoding');
  });

  it.each([
    '{}',
    '[]',
    '{"digests":{}}',
    '{"digests":"x"}',
    '{"digests":[1]}',
    '{"digests":[],"unknown":1}',
    `{"digests":["${'a'.repeat(64)}"],"unknown":1}`,
    `{"digests":["${'a'.repeat(64)}"],"__proto__":{"polluted":1}}`,
    `{"digests":["${'a'.repeat(64)}"],"constructor":{"prototype":{"polluted":1}}}`,
    `{"digests":["${'a'.repeat(64)}"],"toString":1}`,
    `{"digests":${'['.repeat(100_000)}${']'.repeat(100_000)}}`,
    `{"digests":${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}}`,
  ])('that are not what the route takes are refused (%#)', async (body) => {
    await expectProblem(await post(body), 400, 'validation-failed');
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });

  it('that are missing are refused', async () => {
    const response = await app.fetch('/v1/files/preflight', { method: 'POST' });
    await expectProblem(response, 400, 'validation-failed');
  });

  it('that break off are refused', async () => {
    const connection = await rawConnection(app);
    await connection.send(
      requestHead(app, 'POST /v1/files/preflight', {
        'Content-Type': 'application/json',
        'Content-Length': 100,
      }),
    );
    await connection.send('{"digests":');
    connection.end();
    await expectProblem(await connection.answer(), 400, 'bad-request');
  });
});

describe('bytes that are no request', () => {
  it.each([
    'garbage\r\n\r\n',
    '\0\0\0\0',
    'GET / HTTP/9.9\r\n\r\n',
    'get / HTTP/1.1\r\nHost: x\r\n\r\n',
    'GET / HTTP/1.1\r\nHost x\r\n\r\n',
    'GET / HTTP/1.1\r\nHo st: x\r\n\r\n',
    'GET / HTTP/1.1\r\nHost: x\r\nA: \u0001\r\n\r\n',
    '\x16\x03\x01\x02\x00\x01\x00\x01',
  ])('are answered with a problem: %j', async (bytes) => {
    await expectProblem(await rawExchange(app, bytes), 400, 'bad-request');
  });

  it('are answered when they come as the body of a request', async () => {
    for (const path of ['/nowhere', '/v1/files', '/v1/files/preflight']) {
      const head = requestHead(app, `POST ${path}`, {
        'Transfer-Encoding': 'chunked',
        'Content-Type': 'application/json',
      });
      const answer = await rawExchange(app, `${head}zz\r\n`);
      expect(answer?.headers['content-type']).toMatch(/^application\/problem\+json/);
      expect([400, 404]).toContain(answer?.status);
    }
  });

  it('are answered without Host too', async () => {
    const answer = await rawExchange(app, 'GET /health/live HTTP/1.1\r\n\r\n');
    expect(answer?.status).toBe(400);
  });

  it('are answered 431 when the headers are too large', async () => {
    const head = requestHead(app, 'GET /v1/files', { 'X-Large': 'x'.repeat(20_000) });
    await expectProblem(await rawExchange(app, head), 431, 'headers-too-large');
    const many = Array.from({ length: 3000 }, (_, n) => [`X-${n}`, 'x'] as const);
    const answer = await rawExchange(
      app,
      requestHead(app, 'GET /v1/files', Object.fromEntries(many)),
    );
    await expectProblem(answer, 431, 'headers-too-large');
  });

  it('do not disturb the requests that come after them', async () => {
    await Promise.all(Array.from({ length: 50 }, () => rawExchange(app, '\0garbage\r\n\r\n')));
    expect(await app.json(200, '/health/live')).toEqual({ status: 'up' });
  });
});

describe('Content-Encoding of an upload', () => {
  it.each(['gzip', 'br', 'deflate', 'x-unknown', 'identity, gzip'])(
    '%s is refused',
    async (name) => {
      for (const path of ['/v1/files', '/v1/files/batch']) {
        const response = await app.fetch(path, {
          method: 'POST',
          body: 'bytes',
          headers: { 'Content-Encoding': name },
        });
        await expectProblem(response, 415, 'unsupported-content-encoding');
      }
    },
  );
});
