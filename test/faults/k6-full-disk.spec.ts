import { randomBytes } from 'node:crypto';
import { mkdir, rm, stat, statfs, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { GarbageCollector } from '../../src/storage/gc/garbage-collector.service.js';
import { startTestApp, type TestApp } from '../support/app.js';
import { NO_GRACE } from '../support/cluster.js';
import { FaultPart } from '../support/faults/part.js';
import { mountSmallDisk, unmount } from '../support/faults/small-disk.js';
import { sha256Of } from '../support/history.js';
import { breaches, diskStore, quiesce } from '../support/invariants.js';
import { uploadSlotsUsed } from '../support/metrics.js';
import { expectProblem } from '../support/problems.js';

const part = new FaultPart('K6', 'full disks', { short: 8, full: 200 });
const MIB = 1024 * 1024;
const DISK_MIB = 16;

let disk: string | null;
let app: TestApp;
beforeAll(async () => {
  disk = await mountSmallDisk('K6', DISK_MIB);
  if (disk) app = await startTestApp({ ...NO_GRACE, STRATUM_DATA_DIR: disk });
});
afterAll(async () => {
  if (!disk) return;
  await app.stop();
  await unmount(disk);
});

it('answers 507 when the disk is full, leaves nothing, and goes on when there is room', async () => {
  if (!disk) return;
  const root = join(disk, 'storage');
  const filler = join(disk, 'filler');
  const { done } = await part.play(async (random) => {
    await mkdir(root, { recursive: true });
    const kept = randomBytes(1 + Math.floor(random() * 100_000));
    const { id } = await app.json<{ id: number }>(201, '/v1/files', {
      method: 'POST',
      body: kept,
      headers: { 'Content-Type': 'application/octet-stream' },
    });
    // Room for a part of what comes; how much of it, chance says.
    const room = Math.floor(random() * 2 * MIB);
    const { bavail, bsize } = await statfs(disk as string);
    await writeFile(filler, Buffer.alloc(Math.max(bavail * bsize - room, 0), 1));
    const content = randomBytes(room + 64 * 1024);
    // Of a stream nobody knows beforehand how long it is: the disk itself says that it is full.
    await expectProblem(
      await app.fetch('/v1/files', {
        method: 'POST',
        body: ReadableStream.from([content.subarray(0, 1000), content.subarray(1000)]),
        duplex: 'half',
        headers: { 'Content-Type': 'application/octet-stream' },
      } as RequestInit),
      507,
      'storage-full',
    );
    await uploadSlotsUsed(app, 0);
    const collector = app.app.get(GarbageCollector, { strict: false });
    await quiesce(app.database, () => collector.collect());
    expect(await breaches(app.database, diskStore(root))).toEqual([]);
    await rm(filler);
    expect((await app.upload(content)).status).toBe(201);
    const back = await app.fetch(`/v1/files/${id}/content`);
    expect(sha256Of(new Uint8Array(await back.arrayBuffer()))).toBe(sha256Of(kept));
    await app.database.query('DELETE FROM file_references');
    await app.database.query('UPDATE files SET reference_count = 0, zero_since = now()');
    await quiesce(app.database, () => collector.collect());
    await expect(stat(filler)).rejects.toThrow();
    return { faults: 1 };
  });
  expect(done).toBeGreaterThanOrEqual(part.goal);
}, 1_800_000);
