import { once } from 'node:events';
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

  it('of more than 1 MiB are refused', async () => {
    const body = JSON.stringify({ digests: ['x'.repeat(1024 * 1024)] });
    await expectProblem(await post(body), 413, 'body-too-large');
  });

  it('are refused before they are sent when their length says that they are too large', async () => {
    const head = requestHead(app, 'POST /v1/files/preflight', {
      'Content-Type': 'application/json',
      'Content-Length': 2 * 1024 * 1024,
    });
    await expectProblem(await rawExchange(app, head), 413, 'body-too-large');
  });

  it('are refused when they have become too large, however much would follow', async () => {
    const connection = await rawConnection(app);
    await connection.send(
      requestHead(app, 'POST /v1/files/preflight', {
        'Content-Type': 'application/json',
        'Transfer-Encoding': 'chunked',
      }),
    );
    const chunk = `10000\r\n${' '.repeat(65_536)}\r\n`;
    for (let sent = 0; sent < 20; sent += 1) await connection.send(chunk);
    await expectProblem(await connection.answer(), 413, 'body-too-large');
    connection.socket.destroy();
  });

  it.each<[string, string]>([
    [
      'fields',
      JSON.stringify(Object.fromEntries(Array.from({ length: 50_000 }, (_, n) => [n, 1]))),
    ],
    ['keys', `{"digests":[{${Array.from({ length: 50_000 }, (_, n) => `"${n}":1`).join()}}]}`],
    ['items', `{"digests":[${'[],'.repeat(200_000)}[]]}`],
  ])('with too many %s are refused without naming each', async (_, body) => {
    const { errors } = await expectProblem(await post(body), 400, 'validation-failed');
    expect(errors).toHaveLength(1);
  });

  it('name at most 100 faults', async () => {
    const unknown = Object.fromEntries(Array.from({ length: 99 }, (_, n) => [`unknown${n}`, 1]));
    const { errors } = await expectProblem(
      await post(JSON.stringify({ ...unknown, digests: 1 })),
      400,
      'validation-failed',
    );
    expect(errors).toHaveLength(100);
  });

  it('that are no UTF-8 are refused', async () => {
    const body = Buffer.from('{"digests":["\xff\xfe"]}', 'latin1');
    await expectProblem(await post(new Uint8Array(body)), 400, 'malformed-body');
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
    for (const charset of ['koi8-r', 'utf-16', 'utf-7']) {
      const response = await post('{}', { 'Content-Type': `application/json; charset=${charset}` });
      await expectProblem(response, 415, 'unsupported-media-type');
    }
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
    await expectProblem(answer, 400, 'bad-request');
    expect((await rawExchange(app, 'GET /health/live HTTP/1.0\r\n\r\n'))?.status).toBe(200);
  });

  it('are answered when they ask for a tunnel', async () => {
    const answer = await rawExchange(app, requestHead(app, 'CONNECT example.org:443'));
    await expectProblem(answer, 400, 'bad-request');
  });

  it("get the id that the answer names also when the path can't be decoded", async () => {
    const response = await app.fetch('/v1/files/%ff', { headers: { 'X-Request-Id': 'mine-7' } });
    expect(response.headers.get('x-request-id')).toBe('mine-7');
    const { instance } = await expectProblem(response, 400, 'bad-request');
    expect(instance).toBe('urn:request:mine-7');
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

describe('Expect: 100-continue', () => {
  const CONTINUE = 'HTTP/1.1 100 Continue';
  const headers = { Expect: '100-continue', 'Content-Length': 5 };

  async function firstLine(head: string): Promise<string> {
    const connection = await rawConnection(app);
    await connection.send(head);
    const [first] = (await once(connection.socket, 'data')) as [Buffer];
    connection.socket.destroy();
    return first.toString().split('\r\n', 1)[0] as string;
  }

  it('invites a body only from a caller whose key permits it', async () => {
    const json = { ...headers, 'Content-Type': 'application/json' };
    expect(await firstLine(requestHead(app, 'POST /v1/files', headers))).toBe(CONTINUE);
    expect(await firstLine(requestHead(app, 'POST /v1/files/preflight', json))).toBe(CONTINUE);
    const none = { ...json, Authorization: 'Bearer none' };
    for (const path of ['/v1/files', '/v1/files/preflight']) {
      expect(await firstLine(requestHead(app, `POST ${path}`, none))).toMatch(/^HTTP\/1\.1 401 /);
    }
  });

  it('is the only expectation that is heeded', async () => {
    const head = requestHead(app, 'GET /health/live', { Expect: 'the-spanish-inquisition' });
    expect((await rawExchange(app, head))?.status).toBe(200);
  });
});

describe('Content-Encoding of an upload', () => {
  it('is refused in Transfer-Encoding too', async () => {
    const head = requestHead(app, 'POST /v1/files', { 'Transfer-Encoding': 'gzip, chunked' });
    const answer = await rawExchange(app, `${head}5\r\nhello\r\n0\r\n\r\n`);
    await expectProblem(answer, 415, 'unsupported-content-encoding');
  });

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
