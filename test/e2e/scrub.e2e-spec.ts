import { randomBytes } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import {
  STORAGE_BACKEND,
  type IStorageBackend,
} from '../../src/core/contracts/storage-backend.contract.js';
import { StorageUnavailableError } from '../../src/core/errors/index.js';
import { ScrubRepository } from '../../src/storage/scrub/scrub.repository.js';
import { Scrubber } from '../../src/storage/scrub/scrubber.service.js';
import { startTestApp, type TestApp } from '../support/app.js';
import { expectProblem } from '../support/problems.js';
import { objectOf } from '../support/storage-damage.js';

const MIB = 1024 * 1024;

let app: TestApp;
beforeAll(async () => {
  app = await startTestApp({ SCRUB_BYTES_PER_SECOND: '0' });
});
afterAll(() => app.stop());

const scrubber = (): Scrubber => app.app.get(Scrubber, { strict: false });
const claims = (): ScrubRepository => app.app.get(ScrubRepository, { strict: false });
const backend = (): IStorageBackend => app.app.get(STORAGE_BACKEND, { strict: false });

async function store(content: Buffer) {
  const { id, ...file } = (await (await app.upload(content)).json()) as {
    id: number;
    deduplicated: boolean;
  };
  return { id, content, object: await objectOf(app, id), ...file };
}

/** As if the files had been stored so long ago. */
const age = (days: number, ids: readonly number[]) =>
  app.database.query(
    `UPDATE files SET created_at = now() - make_interval(days => $1),
       last_verified_at = now() - make_interval(days => $1) WHERE id = ANY($2)`,
    [days, ids],
  );

const rowOf = async (id: number) =>
  (
    await app.database.query<{ health: string; fresh: boolean; scrub_until: Date | null }>(
      `SELECT health, scrub_until, last_verified_at > now() - interval '1 minute' AS fresh
       FROM files WHERE id = $1`,
      [id],
    )
  )[0];

const bytesOf = async (id: number): Promise<Buffer> =>
  Buffer.from(await (await app.fetch(`/v1/files/${id}/content`)).arrayBuffer());

describe('The scrub', () => {
  it('reads what was not verified for its interval, and nothing else', async () => {
    const old = await store(randomBytes(1000));
    const young = await store(randomBytes(500));
    await age(31, [old.id]);
    await age(29, [young.id]);
    expect(await scrubber().scrub()).toEqual({ files: 1, bytes: 1000, rotten: 0, failed: 0 });
    expect(await rowOf(old.id)).toEqual({ health: 'ok', scrub_until: null, fresh: true });
    expect(await rowOf(young.id)).toMatchObject({ health: 'ok', fresh: false });
    expect(await scrubber().scrub()).toMatchObject({ files: 0 });
    const metrics = await (await app.fetch('/metrics')).text();
    expect(metrics).toContain('stratum_scrubbed_objects_total{found="ok"} 1');
    expect(metrics).toContain('stratum_scrubbed_bytes_total 1000');
  });

  it('marks what is gone; a download says so', async () => {
    const file = await store(randomBytes(1000));
    await rm(file.object);
    await age(40, [file.id]);
    expect(await scrubber().scrub()).toMatchObject({ files: 1, rotten: 1 });
    expect(await rowOf(file.id)).toMatchObject({ health: 'missing' });
    await expectProblem(await app.fetch(`/v1/files/${file.id}/content`), 500, 'object-missing');
    await store(file.content);
    expect((await bytesOf(file.id)).equals(file.content)).toBe(true);
  });

  it('shares the work: no two get the same file, and one whose reader died comes first', async () => {
    const files = [];
    for (let n = 0; n < 6; n += 1) files.push(await store(randomBytes(100 + n)));
    const ids = files.map(({ id }) => id);
    for (const [n, id] of ids.entries()) await age(60 - n, [id]);
    const taken = await Promise.all(ids.map(() => claims().claim('local', 30, 1)));
    expect(taken.map((file) => file?.id).sort((a, b) => a! - b!)).toEqual(ids);
    expect(await claims().claim('local', 30, 1)).toBeNull();
    await app.database.query(
      `UPDATE files SET scrub_until = now() - interval '1 second' WHERE id = $1`,
      [ids[3]],
    );
    expect(await claims().claim('local', 30, 1)).toMatchObject({ id: ids[3] });
    for (const file of taken) await claims().finish(file!, 'ok');
    expect(await scrubber().scrub()).toMatchObject({ files: 0 });
  });

  it('while it reads a file, readers and uploads of the same have it as before', async () => {
    const file = await store(randomBytes(1000));
    await age(40, [file.id]);
    const claimed = await claims().claim('local', 30, 1);
    expect(claimed).toMatchObject({ id: file.id });
    expect((await bytesOf(file.id)).equals(file.content)).toBe(true);
    const again = await store(file.content);
    expect(again).toMatchObject({ id: file.id, object: file.object, deduplicated: true });
    expect(await rowOf(file.id)).toMatchObject({ health: 'unchecked' });
    // A reader that met damage knows more than who has read it before.
    await app.database.query(`UPDATE files SET health = 'corrupt' WHERE id = $1`, [file.id]);
    expect(await claims().finish(claimed!, 'ok')).toBe(false);
    expect(await rowOf(file.id)).toMatchObject({ health: 'corrupt' });
    await app.database.query(
      `UPDATE files SET health = 'ok', last_verified_at = now() WHERE id = $1`,
      [file.id],
    );
  });

  it('leaves alone for a while what the store fails on, and marks nothing', async () => {
    const file = await store(randomBytes(1000));
    await age(40, [file.id]);
    const failing = jest
      .spyOn(backend(), 'readStream')
      .mockRejectedValue(new StorageUnavailableError('readStream'));
    const report = await scrubber().scrub();
    failing.mockRestore();
    expect(report).toMatchObject({ files: 0, rotten: 0, failed: 1 });
    expect(await scrubber().scrub()).toMatchObject({ files: 0 });
    expect(await rowOf(file.id)).toMatchObject({ health: 'unchecked' });
    await app.database.query('UPDATE files SET scrub_until = NULL WHERE id = $1', [file.id]);
    expect(await scrubber().scrub()).toMatchObject({ files: 1, rotten: 0 });
    expect(await rowOf(file.id)).toMatchObject({ health: 'ok' });
  });
});

describe('A file whose object is deleted while it is read', () => {
  it('is read to its end or breaks off, and is never cut short with a clean end', async () => {
    const file = await store(randomBytes(8 * MIB));
    const answer = await app.fetch(`/v1/files/${file.id}/content`);
    const reader = answer.body!.getReader();
    const parts = [Buffer.from((await reader.read()).value!)];
    await backend().deleteFile(file.object.split('/storage/')[1]!);
    const whole = await (async () => {
      for (;;) {
        const { done, value } = await reader.read();
        if (done) return true;
        parts.push(Buffer.from(value));
      }
    })().catch(() => false);
    if (whole) expect(Buffer.concat(parts).equals(file.content)).toBe(true);
    await expectProblem(await app.fetch(`/v1/files/${file.id}/content`), 500, 'object-missing');
  });
});

describe('The scrub, when the service is stopped,', () => {
  it('has kept to its rate, and gives back what it was reading', async () => {
    const { id } = await store(randomBytes(3 * MIB));
    await age(40, [id]);
    app.env.SCRUB_BYTES_PER_SECOND = 4 * MIB;
    const since = performance.now();
    expect(await scrubber().scrub()).toMatchObject({ files: 1 });
    expect(performance.now() - since).toBeGreaterThan(600);
    await age(40, [id]);
    const running = scrubber().scrub();
    for (let health; health !== 'unchecked';) health = (await rowOf(id))?.health;
    await scrubber().beforeApplicationShutdown();
    expect(await running).toMatchObject({ files: 0, failed: 0 });
    const row = await rowOf(id);
    expect(row?.health).toBe('unchecked');
    expect(row!.scrub_until!.getTime()).toBeLessThanOrEqual(Date.now());
  });
});
