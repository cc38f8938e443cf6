import { rm, statfs, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { GarbageCollector } from '../../src/storage/gc/garbage-collector.service.js';
import { startTestApp, type TestApp } from '../support/app.js';
import { NO_GRACE } from '../support/cluster.js';
import { FaultPart } from '../support/faults/part.js';
import { mountSmallDisk, unmount } from '../support/faults/small-disk.js';
import { breaches, diskStore, quiesce } from '../support/invariants.js';
import { jobsApi, TestKindsModule } from '../support/jobs.js';

const part = new FaultPart('J2', 'full disks under jobs', { short: 3, full: 100 });
const KIB = 1024;

let disk: string | null;
let app: TestApp;
beforeAll(async () => {
  disk = await mountSmallDisk('J2', 16);
  if (!disk) return;
  const settings = { ...NO_GRACE, STRATUM_DATA_DIR: disk, WORKERS: '1' };
  app = await startTestApp(settings, undefined, [TestKindsModule]);
});
afterAll(async () => {
  if (!disk) return;
  await app.stop();
  await unmount(disk);
});

it('a job whose output finds no room fails with that, and has published nothing', async () => {
  if (!disk) return;
  const filler = join(disk, 'filler');
  const collector = app.app.get(GarbageCollector, { strict: false });
  const { write, ended } = jobsApi(app);
  const { done } = await part.play(async (random, number) => {
    const room = Math.floor(random() * 256 * KIB);
    const { bavail, bsize } = await statfs(disk as string);
    await writeFile(filler, Buffer.alloc(Math.max(bavail * bsize - room, 0), 1));
    // The first of two may find room; it is not kept without the other.
    const parameters = { text: `first ${number}`, more: ['x'.repeat(room + 64 * KIB)] };
    const job = await ended((await write(parameters)).id);
    expect(job).toMatchObject({
      status: 'failed',
      outputs: [],
      error: { code: 'storage-full', detail: expect.any(String) },
      attempts: 1,
    });
    const kept = await app.database.query(
      `SELECT FROM file_references WHERE owner_type = 'job' AND owner_id = $1
       UNION ALL SELECT FROM lineage_runs WHERE id = $1::uuid`,
      [job.id],
    );
    expect(kept).toEqual([]);
    await quiesce(app.database, () => collector.collect());
    expect(await breaches(app.database, diskStore(join(disk as string, 'storage')))).toEqual([]);
    await rm(filler);
    const next = await ended((await write(parameters)).id);
    expect(next).toMatchObject({ status: 'succeeded' });
    await app.database.query('DELETE FROM file_references');
    await app.database.query('UPDATE files SET reference_count = 0, zero_since = now()');
    await app.database.query(`UPDATE jobs SET outputs = '[]'`);
    await quiesce(app.database, () => collector.collect());
    return { faults: 1 };
  });
  expect(done).toBeGreaterThanOrEqual(part.goal);
}, 1_800_000);
