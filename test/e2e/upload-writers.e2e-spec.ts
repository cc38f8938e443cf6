import { randomBytes } from 'node:crypto';
import { appendFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import {
  STORAGE_BACKEND,
  type IStorageBackend,
} from '../../src/core/contracts/storage-backend.contract.js';
import { LocalStagedFile } from '../../src/storage/backends/local/local.staged-file.js';
import { startTestApp, type TestApp } from '../support/app.js';
import { sha256Of } from '../support/history.js';
import { uploadSlotsUsed } from '../support/metrics.js';
import { expectProblem } from '../support/problems.js';
import { rawConnection, requestHead, type RawConnection } from '../support/raw-http.js';
import { checksumOf, OFFSET_STREAM, tusOf, type Tus } from '../support/tus.js';

let app: TestApp;
let tus: Tus;

beforeAll(async () => {
  app = await startTestApp({ UPLOAD_STALL_SECONDS: '6' });
  tus = tusOf(app);
});
afterAll(() => app.stop());

/** A request that has sent its head and so much of its body. */
async function patching(
  path: string,
  offset: number,
  length: number,
  bytes: Uint8Array | string,
  headers: Record<string, string> = {},
): Promise<RawConnection> {
  const connection = await rawConnection(app);
  const head = requestHead(app, `PATCH ${path}`, {
    'Tus-Resumable': '1.0.0',
    'Content-Type': OFFSET_STREAM,
    'Upload-Offset': offset,
    'Content-Length': length,
    Connection: 'close',
    ...headers,
  });
  await connection.send(head);
  await connection.send(bytes);
  await uploadSlotsUsed(app, 1);
  return connection;
}

function stagedFileOf(path: string): string {
  const id = path.split('/').at(-1) as string;
  const name = `blobs~${id.slice(0, 2)}~${id}`;
  return join(app.env.STRATUM_DATA_DIR, 'storage', '.staging', name);
}

/** Until bytes have come to the disk. */
async function writtenBeyond(path: string, offset: number): Promise<void> {
  const file = stagedFileOf(path);
  const size = async () => (await stat(file).catch(() => null))?.size ?? 0;
  for (let tries = 0; tries < 500 && (await size()) <= offset; tries += 1) await delay(10);
  expect(await size()).toBeGreaterThan(offset);
}

describe('A writer', () => {
  it('that is at work keeps others out', async () => {
    const path = await tus.create({ 'Upload-Length': 100_000 });
    const first = await patching(path, 0, 100_000, randomBytes(1000));
    const second = tus.patch(path, 0, randomBytes(1000));
    let answer: Response | null = null;
    void second.then((it) => (answer = it));
    for (let sent = 1000; !answer && sent < 90_000; sent += 1000) {
      await first.send(randomBytes(1000));
      await delay(100);
    }
    const refused = await second;
    expect(refused.headers.get('retry-after')).toBe('2');
    await expectProblem(refused, 423, 'upload-locked');
    first.reset();
  });

  it('whose client is silent makes room for another, and what it has got stays', async () => {
    const content = randomBytes(100_000);
    const path = await tus.create({ 'Upload-Length': content.length });
    const first = await patching(path, 0, content.length, content.subarray(0, 40_000));
    // The connection is dead, and nobody here knows.
    // Not 423: the one that is silent has let go.
    await expectProblem(await tus.patch(path, 0, content), 409, 'upload-offset-mismatch');
    expect(await tus.offset(path)).toBe(40_000);
    const last = await tus.patch(path, 40_000, content.subarray(40_000));
    expect(last.headers.get('stratum-file-id')).toMatch(/^\d+$/);
    await expectProblem(await first.answer(), 423, 'upload-locked');
  });

  it('that stops sending is told so, and what it has sent stays', async () => {
    const path = await tus.create({ 'Upload-Length': 100 });
    const first = await patching(path, 0, 100, 'some bytes');
    await expectProblem(await first.answer(), 408, 'request-timeout');
    expect(await tus.offset(path)).toBe(10);
  });

  it('that goes away leaves what it has sent, but not what a checksum was to prove', async () => {
    const content = randomBytes(500_000);
    const path = await tus.create({ 'Upload-Length': content.length });
    const first = await patching(path, 0, content.length, content.subarray(0, 200_000));
    await writtenBeyond(path, 0);
    // Not by RST, with which the system drops what the service has not read yet.
    first.end();
    await uploadSlotsUsed(app, 0);
    const offset = await tus.offset(path);
    expect(offset).toBeGreaterThan(0);
    const rest = content.subarray(offset);
    const second = await patching(path, offset, rest.length, rest.subarray(0, 200_000), {
      'Upload-Checksum': checksumOf('sha256', rest),
    });
    await writtenBeyond(path, offset);
    second.end();
    await uploadSlotsUsed(app, 0);
    expect(await tus.offset(path)).toBe(offset);
    const last = await tus.patch(path, offset, rest);
    const id = last.headers.get('stratum-file-id');
    expect(await app.json(200, `/v1/files/${id}`)).toMatchObject({
      contentHash: `sha256:${sha256Of(content)}`,
    });
  });

  it('whose upload is ended at work is not waited for, and is told that it is over', async () => {
    const path = await tus.create({ 'Upload-Length': 100_000 });
    const first = await patching(path, 0, 100_000, randomBytes(1000));
    const startedAt = performance.now();
    const ended = tus.request('DELETE', path);
    let isSending = true;
    void ended.finally(() => (isSending = false));
    for (let sent = 1000; isSending && sent < 90_000; sent += 1000) {
      await first.send(randomBytes(1000));
      await delay(100);
    }
    expect((await ended).status).toBe(204);
    expect(performance.now() - startedAt).toBeLessThan(3000);
    await expectProblem(await first.answer(), 410, 'upload-gone');
    expect((await tus.head(path)).status).toBe(410);
  });

  it('whose lock was taken meanwhile makes no file, and moves no offset', async () => {
    const path = await tus.create({ 'Upload-Length': 12 });
    const first = await patching(path, 0, 12, 'some bytes');
    await app.database.query(
      `UPDATE uploads SET lock_token = gen_random_uuid(), lock_until = now() - interval '1 second'
       WHERE id = $1`,
      [path.split('/').at(-1)],
    );
    await first.send('!!');
    await expectProblem(await first.answer(), 423, 'upload-locked');
    expect(await tus.offset(path)).toBe(0);
    const last = await tus.patch(path, 0, 'other bytes!');
    const content = await app.fetch(`/v1/files/${last.headers.get('stratum-file-id')}/content`);
    expect(await content.text()).toBe('other bytes!');
  });
});

describe('What cannot be completed', () => {
  it('is completed by the next request, with the bytes after the last checkpoint', async () => {
    const content = randomBytes(200_000);
    const path = await tus.create({ 'Upload-Length': content.length }, content.subarray(0, 50_000));
    // Its bytes are published by then, and nobody refers to them.
    await app.database.query(
      'ALTER TABLE audit_log ADD CONSTRAINT no_entries CHECK (id < 0) NOT VALID',
    );
    const failed = await tus.patch(path, 50_000, content.subarray(50_000));
    await app.database.query('ALTER TABLE audit_log DROP CONSTRAINT no_entries');
    await expectProblem(failed, 500, 'internal');
    expect(await tus.offset(path)).toBe(50_000);
    const last = await tus.patch(path, 50_000, content.subarray(50_000));
    const id = last.headers.get('stratum-file-id');
    expect(await app.json(200, `/v1/files/${id}`)).toMatchObject({
      contentHash: `sha256:${sha256Of(content)}`,
    });
  });
});

describe('A disk that is full amid a request', () => {
  it('leaves what the offset says, which the answer tells, and no more', async () => {
    const content = randomBytes(300_000);
    const path = await tus.create({ 'Upload-Length': content.length }, content.subarray(0, 50_000));
    const full = jest
      .spyOn(LocalStagedFile.prototype, 'write')
      .mockImplementation(async (chunk) => {
        // As a disk does it: it takes what it has room for.
        await appendFile(stagedFileOf(path), chunk.subarray(0, 1000));
        throw Object.assign(new Error('full'), { code: 'ENOSPC' });
      });
    try {
      const answer = await tus.patch(path, 50_000, content.subarray(50_000));
      const problem = await expectProblem(answer, 507, 'storage-full');
      expect(problem.detail).toContain('the bytes up to offset 50000 are kept');
    } finally {
      full.mockRestore();
    }
    expect(await tus.offset(path)).toBe(50_000);
    expect((await stat(stagedFileOf(path))).size).toBe(50_000);
    const last = await tus.patch(path, 50_000, content.subarray(50_000));
    const id = last.headers.get('stratum-file-id');
    expect(await app.json(200, `/v1/files/${id}`)).toMatchObject({
      contentHash: `sha256:${sha256Of(content)}`,
    });
  });
});

describe('Bytes that this process has hashed', () => {
  it('are read again only when another may have written to them', async () => {
    const backend = app.app.get<IStorageBackend>(STORAGE_BACKEND, { strict: false });
    const reads = jest.spyOn(backend, 'readStaged');
    const content = randomBytes(300_000);
    const path = await tus.create({ 'Upload-Length': content.length });
    const send = (from: number, headers = {}): Promise<Response> =>
      tus.patch(path, from, content.subarray(from, from + 100_000), headers);
    try {
      expect((await send(0)).status).toBe(204);
      // A request that is refused in between, before or after its bytes, changes nothing.
      expect((await send(50_000)).status).toBe(409);
      expect((await send(100_000, { 'Upload-Checksum': checksumOf('sha1', 'x') })).status).toBe(
        460,
      );
      expect((await send(100_000)).status).toBe(204);
      expect(reads).not.toHaveBeenCalled();
      await app.database.query('UPDATE uploads SET lock_until = now()');
      const last = await send(200_000);
      expect(reads).toHaveBeenCalledTimes(1);
      const id = last.headers.get('stratum-file-id');
      expect(await app.json(200, `/v1/files/${id}`)).toMatchObject({
        contentHash: `sha256:${sha256Of(content)}`,
      });
    } finally {
      reads.mockRestore();
    }
  });
});
