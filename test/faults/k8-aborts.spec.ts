import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { startCluster, type Cluster } from '../support/cluster.js';
import { descriptorsAtMost, settledDescriptors } from '../support/descriptors.js';
import { FaultPart } from '../support/faults/part.js';
import { uploadSlotsUsed } from '../support/metrics.js';
import { fileForm } from '../support/multipart.js';
import { rawConnection, requestHead } from '../support/raw-http.js';
import { residentBytes } from '../support/resident-memory.js';
import type { Service } from '../support/service.js';

const part = new FaultPart('K8', 'client aborts', { short: 60, full: 1000 });
const ABORTS_PER_ROUND = 100;
const AT_ONCE = 10;
const GROWTH_BYTES = 150 * 1024 * 1024;
/** So small that what is not given back soon shows: garbage is collected before it is reached. */
const SMALL_HEAP = ['--max-old-space-size=128'];
/** Connections of its pool to the database, which come when they are needed. */
const SPARE_DESCRIPTORS = 8;

let cluster: Cluster;
let service: Service;
let idle: { descriptors: number; bytes: number };
beforeAll(async () => {
  cluster = await startCluster();
  service = await cluster.start({ UPLOAD_LEASE_SECONDS: '60' }, { execArgv: SMALL_HEAP });
  expect((await service.upload('warm up')).status).toBe(201);
  const pid = service.process.pid as number;
  idle = { descriptors: await settledDescriptors(pid), bytes: await residentBytes(pid) };
});
afterAll(() => cluster.stop());

/** Cut anywhere: in the headers, in a boundary, in the bytes, after the last of them. */
async function abort(random: () => number): Promise<void> {
  const content = randomBytes(1 + Math.floor(random() * 200_000));
  const isForm = random() < 0.6;
  const { body, type } = fileForm(content);
  const bytes = isForm ? body : content;
  const head = requestHead(service, 'POST /v1/files', {
    'Content-Type': isForm ? type : 'application/octet-stream',
    'Content-Length': bytes.length,
  });
  const whole = Buffer.concat([Buffer.from(head), bytes]);
  const offset =
    random() < 0.1
      ? whole.length
      : random() < 0.3
        ? whole.length - 1 - Math.floor(random() * Math.min(60, whole.length - 1))
        : Math.floor(random() * whole.length);
  const connection = await rawConnection(service);
  // In a few pieces, as a network would bring them.
  for (let at = 0; at < offset;) {
    const size = 1 + Math.floor(random() * 100_000);
    await connection.send(whole.subarray(at, Math.min(at + size, offset)));
    at += size;
  }
  if (random() < 0.7) connection.reset();
  else connection.socket.destroy();
}

it('leaves nothing behind of clients that break off anywhere', async () => {
  const { done } = await part.play(async (random) => {
    const aborts = Math.min(ABORTS_PER_ROUND, part.goal);
    for (let n = 0; n < aborts; n += AT_ONCE) {
      await Promise.all(Array.from({ length: AT_ONCE }, () => abort(random)));
    }
    await uploadSlotsUsed(service, 0);
    // What a collector finds is what an upload has not cleaned up itself.
    const left = await cluster.steady.database.query('SELECT kind FROM storage_intents');
    expect(left).toEqual([]);
    expect(await cluster.breachesAtRest()).toEqual([]);
    const pid = service.process.pid as number;
    expect(await descriptorsAtMost(pid, idle.descriptors + SPARE_DESCRIPTORS)).toBeLessThanOrEqual(
      idle.descriptors + SPARE_DESCRIPTORS,
    );
    expect((await residentBytes(pid)) - idle.bytes).toBeLessThan(GROWTH_BYTES);
    return { faults: aborts };
  });
  expect(done).toBeGreaterThanOrEqual(part.goal);
}, 1_800_000);
