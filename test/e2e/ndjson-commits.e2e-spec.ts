import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startTestApp, type TestApp } from '../support/app.js';
import { datasetsApi, move, put, remove, type Version } from '../support/datasets.js';
import { expectProblem } from '../support/problems.js';
import { rawConnection, requestHead } from '../support/raw-http.js';

let app: TestApp;
let api: ReturnType<typeof datasetsApi>;
let file: number;
let id: string;
beforeAll(async () => {
  app = await startTestApp({ UPLOAD_STALL_SECONDS: '1' });
  api = datasetsApi(app);
  file = await api.upload('in lines');
  ({ id } = await api.create({ name: 'Lines', files: [{ path: 'a', fileId: file }] }));
});
afterAll(() => app.stop());

const HEADER = { message: 'in lines' };
const TYPE = 'application/x-ndjson';
const linesOf = (...values: unknown[]) =>
  values.map((value) => `${JSON.stringify(value)}\n`).join('');
const send = (body: string | Uint8Array, headers: Record<string, string> = {}, dataset = id) =>
  app.fetch(`/v1/datasets/${dataset}/versions`, {
    method: 'POST',
    body: body as string,
    headers: { 'Content-Type': TYPE, ...headers },
  });
const versionCount = async () => {
  const [row] = await app.database.query<{ n: number }>(
    'SELECT count(*)::int AS n FROM dataset_versions',
  );
  return row?.n;
};

describe('A commit in lines', () => {
  it('is the same as the equal one in JSON, to the byte of its overlay', async () => {
    const changes = [
      put('folder/ü 🎈.csv', file, { metadata: { é: [1, null] }, index: 2, fileType: 'text' }),
      put('b', file),
      move('a', 'c'),
    ];
    const made: { version: Version; overlay: string; files: unknown }[] = [];
    for (const inLines of [true, false]) {
      const dataset = await api.create({ name: 'Same', files: [{ path: 'a', fileId: file }] });
      const response = inLines
        ? await send(linesOf({ ...HEADER, parent: 1 }, ...changes), {}, dataset.id)
        : await api.tryCommit(dataset.id, { ...HEADER, parent: 1, changes });
      expect(response.status).toBe(201);
      expect(response.headers.get('location')).toBe(`/v1/datasets/${dataset.id}/versions/2`);
      const version = (await response.json()) as Version;
      const overlay = await app.fetch(`/v1/files/${version.overlayFileId}/content`);
      const files = await api.files(dataset.id, 2);
      made.push({ version, overlay: await overlay.text(), files });
    }
    expect(made[0]?.overlay).toBe(made[1]?.overlay);
    expect(made[0]?.version.overlayFileId).toBe(made[1]?.version.overlayFileId);
    expect(made[0]?.files).toEqual(made[1]?.files);
    expect(made[0]?.version['message']).toBe('in lines');
  });

  it('needs no end of its last line, and takes those of Windows', async () => {
    const dataset = await api.create({ name: 'Ends' });
    const one = await send(linesOf(HEADER, put('a', file)).trimEnd(), {}, dataset.id);
    expect(one.status).toBe(201);
    const body = linesOf(HEADER, put('b', file)).replaceAll('\n', '\r\n');
    expect((await send(body, {}, dataset.id)).status).toBe(201);
    expect((await api.files(dataset.id, 2)).map(({ path }) => path)).toEqual(['a', 'b']);
  });

  it('with an Idempotency-Key is made once, in whichever form it is repeated', async () => {
    const dataset = await api.create({ name: 'Once in lines' });
    const headers = { 'Idempotency-Key': 'lines' };
    const first = await send(linesOf(HEADER, put('a', file)), headers, dataset.id);
    const again = await api.tryCommit(
      dataset.id,
      { ...HEADER, changes: [put('a', file)] },
      headers,
    );
    expect([first.status, again.status]).toEqual([201, 201]);
    expect(await again.text()).toBe(await first.text());
    const other = await send(linesOf(HEADER, put('b', file)), headers, dataset.id);
    await expectProblem(other, 422, 'idempotency-key-reused');
  });

  it('comes in pieces cut anywhere, after it was invited', async () => {
    const dataset = await api.create({ name: 'Cut' });
    const body = Buffer.from(linesOf(HEADER, put('ü', file), put('🎈', file)));
    const connection = await rawConnection(app);
    await connection.send(
      requestHead(app, `POST /v1/datasets/${dataset.id}/versions`, {
        'Content-Type': TYPE,
        'Content-Length': body.length,
        Expect: '100-continue',
      }),
    );
    await new Promise((resolve) => connection.socket.once('data', resolve));
    for (const byte of body) await connection.send(Buffer.of(byte));
    expect((await connection.answer())?.status).toBe(201);
    connection.socket.destroy();
    expect((await api.files(dataset.id, 1)).map(({ path }) => path)).toEqual(['ü', '🎈']);
  });

  it('takes tens of thousands of changes', async () => {
    const dataset = await api.create({ name: 'Many' });
    const changes = Array.from({ length: 20_000 }, (_, n) => put(`d${n % 10}/${n}`, file));
    const response = await send(linesOf(HEADER, ...changes), {}, dataset.id);
    expect(response.status).toBe(201);
    expect(await response.json()).toMatchObject({ fileCount: 20_000 });
  });
});

describe('Lines that are refused', () => {
  it.each<[string, () => string | Buffer, string, string | RegExp]>([
    ['no header', () => '', 'malformed-body', /first line/],
    ['no changes', () => linesOf(HEADER), 'validation-failed', '/changes'],
    ['a header that is a list', () => linesOf([], put('x', file)), 'validation-failed', '/lines/1'],
    [
      'changes in the header',
      () => linesOf({ ...HEADER, changes: [] }, put('x', file)),
      'validation-failed',
      '/lines/1/changes',
    ],
    ['no message', () => linesOf({}, put('x', file)), 'validation-failed', '/lines/1/message'],
    [
      'a bad path',
      () => linesOf(HEADER, put('x', file), put('../y', file)),
      'validation-failed',
      '/lines/3/path',
    ],
    [
      'an unknown field',
      () => linesOf(HEADER, put('x', file, { y: 1 })),
      'validation-failed',
      '/lines/2/y',
    ],
    [
      'a bad detail',
      () => linesOf(HEADER, put('x', file, { index: -1 })),
      'validation-failed',
      '/lines/2/index',
    ],
    [
      'a path twice',
      () => linesOf(HEADER, put('x', file), remove('a'), put('x', file)),
      'validation-failed',
      '/lines/4/path',
    ],
    [
      'a delete and a put',
      () => linesOf(HEADER, remove('a'), put('a', file)),
      'validation-failed',
      '/lines/3/path',
    ],
    ['no JSON', () => `${linesOf(HEADER)}{"op":`, 'malformed-body', /Line 2 /],
    [
      'an empty line',
      () => `${linesOf(HEADER)}\n${linesOf(put('x', file))}`,
      'malformed-body',
      /Line 2 /,
    ],
    [
      'no UTF-8',
      () => Buffer.concat([Buffer.from(linesOf(HEADER)), Buffer.of(0x22, 0xff, 0x22)]),
      'malformed-body',
      /Line 2 /,
    ],
    [
      'a line too long',
      () => `${linesOf(HEADER)}"${'x'.repeat(128 * 1024)}"`,
      'validation-failed',
      '/lines/2',
    ],
  ])('%s', async (_, body, code, where) => {
    const before = await versionCount();
    const problem = await expectProblem(await send(body() as string), 400, code);
    if (typeof where === 'string') expect(problem.errors?.[0]?.pointer).toBe(where);
    else expect(problem.detail).toMatch(where);
    expect(await versionCount()).toBe(before);
  });

  it('by what is there', async () => {
    const body = linesOf(HEADER, put('x', 2_000_000_000));
    await expectProblem(await send(body), 404, 'file-not-found');
    const good = linesOf(HEADER, put('x', file));
    await expectProblem(await send(good, {}, 'nowhere'), 404, 'dataset-not-found');
    await expectProblem(
      await send(linesOf({ ...HEADER, parent: 9 }, put('x', file))),
      412,
      'parent-not-head',
    );
  });

  it('by their headers', async () => {
    const body = linesOf(HEADER, put('x', file));
    const charset = await send(body, { 'Content-Type': `${TYPE}; charset=latin1` });
    await expectProblem(charset, 415, 'unsupported-media-type');
    const encoded = await send(body, { 'Content-Encoding': 'gzip' });
    await expectProblem(encoded, 415, 'unsupported-content-encoding');
    const connection = await rawConnection(app);
    await connection.send(
      requestHead(app, `POST /v1/datasets/${id}/versions`, {
        'Content-Type': TYPE,
        'Content-Length': 2 ** 40,
        Expect: '100-continue',
      }),
    );
    await expectProblem(await connection.answer(), 413, 'body-too-large');
    connection.socket.destroy();
  });

  it('on routes that take JSON alone', async () => {
    const response = await app.fetch('/v1/datasets', {
      method: 'POST',
      body: linesOf({ name: 'x' }),
      headers: { 'Content-Type': TYPE },
    });
    await expectProblem(response, 415, 'unsupported-media-type');
  });

  it('when they come too slowly', async () => {
    const connection = await rawConnection(app);
    await connection.send(
      requestHead(app, `POST /v1/datasets/${id}/versions`, {
        'Content-Type': TYPE,
        'Content-Length': 1000,
      }) + linesOf(HEADER),
    );
    await expectProblem(await connection.answer(), 408, 'request-timeout');
    connection.socket.destroy();
  });

  it('when the client goes before their end', async () => {
    const before = await versionCount();
    const connection = await rawConnection(app);
    await connection.send(
      requestHead(app, `POST /v1/datasets/${id}/versions`, {
        'Content-Type': TYPE,
        'Content-Length': 1000,
      }) + linesOf(HEADER, put('left', file)),
    );
    await delay(100);
    connection.reset();
    await delay(200);
    expect(await versionCount()).toBe(before);
    expect((await send(linesOf(HEADER, put('after', file)))).status).toBe(201);
  });
});
