import { randomBytes } from 'node:crypto';
import { open, rm, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startTestApp, type TestApp } from '../support/app.js';
import { expectProblem } from '../support/problems.js';
import { rawExchange, requestHead, type RawAnswer } from '../support/raw-http.js';

const MIB = 1024 * 1024;

let app: TestApp;
beforeAll(async () => {
  app = await startTestApp();
});
afterAll(() => app.stop());

interface Stored {
  id: number;
  content: Buffer;
  /** Its bytes on this disk. */
  object: string;
}

async function store(size = 3 * MIB): Promise<Stored> {
  const content = randomBytes(size);
  const { id } = (await (await app.upload(content)).json()) as { id: number };
  return { id, content, object: await objectOf(id) };
}

async function objectOf(id: number): Promise<string> {
  const [row] = await app.database.query<{ storage_key: string }>(
    'SELECT storage_key FROM files WHERE id = $1',
    [id],
  );
  return join(app.env.STRATUM_DATA_DIR, 'storage', row!.storage_key);
}

const healthOf = async (id: number) =>
  (await app.database.query('SELECT health FROM files WHERE id = $1', [id]))[0]?.['health'];

async function flipByte(file: string, offset: number): Promise<void> {
  const handle = await open(file, 'r+');
  const byte = Buffer.alloc(1);
  await handle.read(byte, 0, 1, offset);
  byte[0]! ^= 0x01;
  await handle.write(byte, 0, 1, offset);
  await handle.close();
}

const download = async (id: number, range?: string): Promise<RawAnswer | null> =>
  await rawExchange(
    app,
    requestHead(app, `GET /v1/files/${id}/content`, {
      Connection: 'close',
      ...(range && { Range: range }),
    }),
  );

const expectWhole = async ({ id, content }: Stored) => {
  const answer = await download(id);
  expect(answer).toMatchObject({ status: 200, complete: true });
  expect(answer?.body.equals(content)).toBe(true);
};

describe('a flipped byte', () => {
  it.each([0, MIB, 2 * MIB + 77, 3 * MIB - 1])(
    'at %d breaks the whole download before its end',
    async (offset) => {
      const { id, object } = await store();
      await flipByte(object, offset);
      const answer = await download(id);
      expect(answer?.complete ?? false).toBe(false);
      await expect(
        app.fetch(`/v1/files/${id}/content`).then((response) => response.arrayBuffer()),
      ).rejects.toThrow();
      expect(await healthOf(id)).toBe('corrupt');
    },
  );

  it('breaks a range over its block, while ranges of other blocks are served', async () => {
    const { id, object, content } = await store();
    await flipByte(object, MIB + 500);
    // Another byte of the same block than the one asked for: the block as a whole is not trusted.
    for (const range of [`bytes=${MIB}-${MIB + 1}`, `bytes=0-${2 * MIB}`, `bytes=-${2 * MIB}`]) {
      const answer = await download(id, range);
      expect(answer === null || answer.status >= 500 || !answer.complete).toBe(true);
    }
    const untouched = await download(id, `bytes=${2 * MIB}-${2 * MIB + 99}`);
    expect(untouched).toMatchObject({ status: 206, complete: true });
    expect(untouched?.body.equals(content.subarray(2 * MIB, 2 * MIB + 100))).toBe(true);
    const parts = await download(id, `bytes=0-9,${MIB}-${MIB + 9}`);
    expect(parts?.complete ?? false).toBe(false);
  });

  it('in a file of one block gives no damaged byte out', async () => {
    const { id, object } = await store(1000);
    await flipByte(object, 10);
    await expectProblem(await download(id), 500, 'object-corrupt');
    await expectProblem(await download(id, 'bytes=500-600'), 500, 'object-corrupt');
  });

  it('is healed by an upload of the same content', async () => {
    const stored = await store();
    await flipByte(stored.object, 5);
    await download(stored.id);
    const again = (await (await app.upload(stored.content)).json()) as { id: number };
    expect(again.id).toBe(stored.id);
    expect(await healthOf(stored.id)).toBe('ok');
    await expectWhole(stored);
  });
});

describe('a truncated object', () => {
  it.each([0, 1, MIB, 3 * MIB - 1])('of %d bytes is never served as the file', async (length) => {
    const { id, object } = await store();
    await truncate(object, length);
    await expectProblem(await download(id), 500, 'object-corrupt');
    await expectProblem(await download(id, 'bytes=0-9'), 500, 'object-corrupt');
    expect(await healthOf(id)).toBe('corrupt');
  });

  it('is healed by an upload of the same content', async () => {
    const stored = await store();
    await truncate(stored.object, 100);
    expect((await app.upload(stored.content)).status).toBe(201);
    await expectWhole(stored);
  });
});

describe('a lost object', () => {
  it('is told as such, and the record stays', async () => {
    const { id, object } = await store();
    await rm(object);
    for (const range of [undefined, 'bytes=0-9', 'bytes=0-9,20-29']) {
      await expectProblem(await download(id, range), 500, 'object-missing');
    }
    expect(await healthOf(id)).toBe('missing');
    expect(await app.json(200, `/v1/files/${id}`)).toMatchObject({ id });
  });

  it('is healed by an upload of the same content, under the same id', async () => {
    const stored = await store();
    await rm(stored.object);
    const again = (await (await app.upload(stored.content)).json()) as Record<string, unknown>;
    expect(again).toMatchObject({ id: stored.id, deduplicated: true });
    expect(await objectOf(stored.id)).not.toBe(stored.object);
    expect(await healthOf(stored.id)).toBe('ok');
    await expectWhole(stored);
  });
});

describe('a record whose size is not that of its content', () => {
  it('refuses an upload of the content rather than lose either', async () => {
    const { id, content } = await store(1000);
    await app.database.query('UPDATE files SET size_bytes = 999 WHERE id = $1', [id]);
    await expectProblem(await app.upload(content), 500, 'content-hash-conflict');
  });
});
