import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, describe, expect, it } from '@jest/globals';
import { startTestApp, type TestApp } from '../support/app.js';
import { addCaller } from '../support/callers.js';
import { expectNothingLeft } from '../support/leftovers.js';
import { uploadSlotsUsed } from '../support/metrics.js';
import { fileForm } from '../support/multipart.js';
import { expectProblem } from '../support/problems.js';
import { rawConnection, requestHead } from '../support/raw-http.js';

let app: TestApp;
const cleanUps: (() => unknown)[] = [];
const start = async (settings: Record<string, string>) => (app = await startTestApp(settings));
afterEach(async () => {
  await app.stop();
  for (const cleanUp of cleanUps.splice(0).toReversed()) await cleanUp();
});

const raw = (size: number, path = '/v1/files') =>
  app.fetch(path, { method: 'POST', body: new Uint8Array(size) });

/** Sent in pieces without a length, so that its size shows only while it comes. */
const chunked = (size: number, headers: Record<string, string> = {}) =>
  app.fetch('/v1/files', {
    method: 'POST',
    body: ReadableStream.from(
      Array.from({ length: Math.ceil(size / 65_536) }, () => new Uint8Array(65_536)),
    ),
    duplex: 'half',
    headers,
  });

describe('a file that is too large', () => {
  it('is refused in every form, and one of just the size is taken', async () => {
    await start({ UPLOAD_MAX_BYTES: '1000000' });
    await expectProblem(await raw(1_000_001), 413, 'upload-too-large');
    await expectProblem(await chunked(1_200_000), 413, 'upload-too-large');
    await expectProblem(await app.upload(Buffer.alloc(1_000_001)), 413, 'upload-too-large');
    await expectProblem(await app.upload(Buffer.alloc(3_000_000)), 413, 'upload-too-large');
    await expectNothingLeft(app);
    expect((await raw(1_000_000)).status).toBe(201);
    expect((await app.upload(Buffer.alloc(1_000_000))).status).toBe(201);
  });

  it('is refused before it is sent when its length says so', async () => {
    await start({ UPLOAD_MAX_BYTES: '1000' });
    const connection = await rawConnection(app);
    await connection.send(requestHead(app, 'POST /v1/files', { 'Content-Length': 10_000_000_000 }));
    await expectProblem(await connection.answer(), 413, 'upload-too-large');
    connection.socket.destroy();
    await expectNothingLeft(app);
  });
});

describe('a client that stops sending', () => {
  const { body, type } = fileForm(Buffer.alloc(50_000));

  it.each([
    ['a form', { 'Content-Type': type, 'Content-Length': body.length }, body.subarray(0, 20_000)],
    ['a form before its file', { 'Content-Type': type, 'Content-Length': body.length }, '--'],
    ['a raw body', { 'Content-Length': 50_000 }, Buffer.alloc(20_000)],
    ['a raw body of which nothing comes', { 'Content-Length': 50_000 }, ''],
    ['a chunked body', { 'Transfer-Encoding': 'chunked' }, '5\r\nhello\r\n'],
  ])('is told 408 in the middle of %s', async (_, headers, bytes) => {
    await start({ UPLOAD_STALL_SECONDS: '1' });
    const connection = await rawConnection(app);
    await connection.send(requestHead(app, 'POST /v1/files', headers as Record<string, string>));
    if (bytes.length > 0) await connection.send(bytes);
    await expectProblem(await connection.answer(), 408, 'request-timeout');
    connection.socket.destroy();
    await uploadSlotsUsed(app, 0);
    await expectNothingLeft(app);
  });

  it('is told 408 in the middle of a JSON body', async () => {
    await start({ UPLOAD_STALL_SECONDS: '1' });
    const connection = await rawConnection(app);
    const headers = { 'Content-Type': 'application/json', 'Content-Length': 30 };
    await connection.send(`${requestHead(app, 'POST /v1/files/preflight', headers)}{`);
    await expectProblem(await connection.answer(), 408, 'request-timeout');
    connection.socket.destroy();
  });

  it('loses its connection some seconds after an answer that needed no body', async () => {
    await start({});
    const connection = await rawConnection(app);
    await connection.send(requestHead(app, 'GET /health/live', { 'Content-Length': 10 }));
    expect((await connection.answer())?.status).toBe(200);
    await Promise.race([once(connection.socket, 'close'), once(connection.socket, 'end')]);
  });

  it('loses its connection too when it goes on after an answer to what was no request', async () => {
    await start({});
    const connection = await rawConnection(app);
    const closed = new Promise((resolve) => connection.socket.once('close', resolve));
    await connection.send('no request at all\r\n\r\n');
    const dripping = setInterval(() => void connection.send('x'), 200);
    await closed;
    clearInterval(dripping);
  });

  it('is told 408 when it only drips', async () => {
    await start({ UPLOAD_STALL_SECONDS: '1' });
    const connection = await rawConnection(app);
    await connection.send(requestHead(app, 'POST /v1/files', { 'Content-Length': 50_000 }));
    let isAnswered = false;
    const answer = connection.answer().finally(() => (isAnswered = true));
    while (!isAnswered) {
      await connection.send('x');
      await delay(50);
    }
    await expectProblem(await answer, 408, 'request-timeout');
    connection.socket.destroy();
    await expectNothingLeft(app);
  });
});

describe('more uploads than slots', () => {
  it('are told to come back, and served when others have ended', async () => {
    await start({ UPLOAD_SLOTS: '2' });
    const held = [await rawConnection(app), await rawConnection(app)];
    for (const connection of held) {
      await connection.send(requestHead(app, 'POST /v1/files', { 'Content-Length': 10 }));
      await connection.send('12345');
    }
    await uploadSlotsUsed(app, 2);
    for (const response of [
      await raw(10),
      await app.upload('x'),
      await raw(10, '/v1/files/batch'),
    ]) {
      expect(response.headers.get('retry-after')).toMatch(/^\d+$/);
      await expectProblem(response, 503, 'upload-slots-busy');
    }
    expect((await app.fetch('/v1/files')).status).toBe(200);
    for (const connection of held) connection.reset();
    await uploadSlotsUsed(app, 0);
    await expectNothingLeft(app);
    expect((await raw(10)).status).toBe(201);
  });
});

describe('more uploads than slots of one user', () => {
  it('are told to come back, and others are served', async () => {
    await start({ UPLOAD_SLOTS: '5', UPLOAD_SLOTS_PER_USER: '2' });
    const other = await addCaller(app, 'other');
    const held = [await rawConnection(app), await rawConnection(app)];
    for (const connection of held) {
      await connection.send(requestHead(app, 'POST /v1/files', { 'Content-Length': 10 }));
      await connection.send('12345');
    }
    await uploadSlotsUsed(app, 2);
    const form = new FormData();
    form.append('name', 'x');
    for (const response of [
      await raw(10),
      await raw(10, '/v1/files/batch'),
      await app.fetch('/v1/datasets', { method: 'POST', body: form }),
    ]) {
      expect(response.headers.get('retry-after')).toMatch(/^\d+$/);
      await expectProblem(response, 429, 'too-many-uploads');
    }
    expect((await other.upload('x')).status).toBe(201);
    for (const connection of held) connection.reset();
    await uploadSlotsUsed(app, 0);
    expect((await raw(10)).status).toBe(201);
  });
});

describe('a client that stops reading', () => {
  const SIZE = 24 * 1024 * 1024;

  it('loses its download, and one that is slow does not', async () => {
    await start({ DOWNLOAD_STALL_SECONDS: '1' });
    const { id } = (await (await raw(SIZE)).json()) as { id: number };
    const head = requestHead(app, `GET /v1/files/${id}/content`, { Connection: 'close' });
    const [stalled, slow] = [await rawConnection(app), await rawConnection(app)];
    let [got, received] = [0, 0];
    slow.socket.on('data', (bytes: Buffer) => (received += bytes.length));
    stalled.socket.on('data', (bytes: Buffer) => (got += bytes.length));
    const ended = [slow, stalled].map(({ socket }) =>
      Promise.race([once(socket, 'end'), once(socket, 'close')]),
    );
    for (const { socket } of [stalled, slow]) socket.pause();
    await Promise.all([stalled.send(head), slow.send(head)]);
    // A piece now and then, for longer than the other one gets.
    for (let n = 0; n < 8; n += 1) {
      await delay(400);
      slow.socket.read(1_000_000);
    }
    for (const { socket } of [stalled, slow]) socket.resume();
    await Promise.all(ended);
    expect(received).toBeGreaterThan(SIZE);
    expect(got).toBeLessThan(SIZE);
    for (const { socket } of [stalled, slow]) socket.destroy();
  });

  it('may wait for us as long as we need', async () => {
    await start({ DOWNLOAD_STALL_SECONDS: '1' });
    await app.database.query(
      'ALTER TABLE file_references RENAME TO slow;' +
        'CREATE VIEW file_references AS SELECT s.* FROM slow s, pg_sleep(2.5)',
    );
    expect((await app.fetch('/v1/files')).status).toBe(200);
  });
});

describe('connections', () => {
  it('beyond the limit are closed as they come', async () => {
    await start({ MAX_CONNECTIONS: '3' });
    const open = [await rawConnection(app), await rawConnection(app), await rawConnection(app)];
    const [first] = open;
    await first?.send(requestHead(app, 'GET /v1/files'));
    expect((await first?.answer())?.status).toBe(200);
    const more = await rawConnection(app);
    expect(await more.answer()).toBeNull();
    for (const { socket } of open) socket.destroy();
  });
});

describe('a disk without space', () => {
  it('refuses what would eat into the reserve', async () => {
    await start({ STORAGE_RESERVE_BYTES: String(Number.MAX_SAFE_INTEGER) });
    await expectProblem(await raw(10), 507, 'storage-full');
    await expectProblem(await chunked(100_000), 507, 'storage-full');
    await expectProblem(await app.upload('x'), 507, 'storage-full');
    await expectNothingLeft(app);
  });

  it('that fills up under an upload refuses it and is clean again', async () => {
    const disk = await mkdtemp(join(tmpdir(), 'stratum-full-'));
    cleanUps.push(() => rm(disk, { recursive: true, force: true }));
    const isSmall = mountSmallDisk(disk);
    // Without leave to mount, a reserve that leaves no room stands in for the full disk.
    const reserve = isSmall ? 0 : Number.MAX_SAFE_INTEGER;
    await start({ STRATUM_DATA_DIR: disk, STORAGE_RESERVE_BYTES: String(reserve) });
    await expectProblem(await chunked(6_000_000), 507, 'storage-full');
    await expectProblem(await app.upload(Buffer.alloc(6_000_000)), 507, 'storage-full');
    await expectNothingLeft(app);
  });
});

/** 4 MiB at this folder; `false` where mounts are refused. */
function mountSmallDisk(folder: string): boolean {
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=4m', 'tmpfs', folder], { stdio: 'ignore' });
  } catch {
    return false;
  }
  cleanUps.push(() => execFileSync('umount', ['-l', folder]));
  return true;
}
