import { request } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { AuditSealer } from '../../src/access/audit/chain/audit-sealer.service.js';
import { startCluster, type Cluster } from '../support/cluster.js';
import { FaultPart, IS_FULL } from '../support/faults/part.js';
import type { Service } from '../support/service.js';

const part = new FaultPart('L2', 'slow uploads at once', { short: 200, full: 200 });
const POOL_SIZE = 5;
/** 64 KiB a second, as much as a bad line gives. */
const PIECE = { bytes: 16 * 1024, pauseMs: 250 };
const PIECES = IS_FULL ? 120 : 12;
const FAST_UPLOADS = IS_FULL ? 20 : 2;
const METADATA_P95_MS = 100;

let cluster: Cluster;
let service: Service;
/** Sessions of the replica in this process, which is idle here. */
let others: number[];
beforeAll(async () => {
  cluster = await startCluster();
  await cluster.steady.app.get(AuditSealer, { strict: false }).beforeApplicationShutdown();
  others = (await sessions()).map(({ pid }) => pid);
  service = await cluster.start({
    DATABASE_POOL_SIZE: String(POOL_SIZE),
    UPLOAD_LEASE_SECONDS: '60',
  });
});
afterAll(() => cluster.stop());

const sessions = (): Promise<{ pid: number; isStuck: boolean }[]> =>
  cluster.steady.database.query(
    `SELECT pid, coalesce(state = 'idle in transaction'
                          AND state_change < now() - interval '1 second', false) AS "isStuck"
     FROM pg_stat_activity
     WHERE datname = current_database() AND application_name = 'stratum'`,
  );

it('holds no database session while slow clients send, and answers others at once', async () => {
  const { id } = await service.json<{ id: number }>(201, '/v1/files?fileType=text', {
    method: 'POST',
    body: 'to be described',
  });
  await part.play(async () => {
    let isSending = true;
    const sending = Promise.all(
      Array.from({ length: part.goal }, (_, number) => slowUpload(service, number)),
    ).finally(() => (isSending = false));
    const fast = Array.from({ length: FAST_UPLOADS }, async (_, client) => {
      for (let n = 0; isSending; n += 1) {
        expect((await service.upload(`fast ${client} ${n}`)).status).toBe(201);
        await delay(500);
      }
    });
    const times: number[] = [];
    while (isSending) {
      const own = (await sessions()).filter(({ pid }) => !others.includes(pid));
      expect(own.filter(({ isStuck }) => isStuck)).toEqual([]);
      // One more listens to notifications.
      expect(own.length).toBeLessThanOrEqual(POOL_SIZE + 1);
      // With the sessions taken by the slow, nobody could be told anything.
      const begun = performance.now();
      expect((await service.fetch(`/v1/files/${id}`)).status).toBe(200);
      times.push(performance.now() - begun);
      await Promise.race([delay(100), sending]);
    }
    expect(await sending).toEqual(Array.from({ length: part.goal }, () => 201));
    await Promise.all(fast);
    expect(times.length).toBeGreaterThan(1);
    expect(await cluster.breachesAtRest()).toEqual([]);
    times.sort((a, b) => a - b);
    const p95 = Math.ceil(times[Math.floor(times.length * 0.95)] ?? 0);
    // A time is a promise of the long run alone, which has the machine to itself.
    if (IS_FULL) expect(p95).toBeLessThanOrEqual(METADATA_P95_MS);
    return {
      faults: part.goal,
      figures: { 'metadata answers meanwhile': times.length, 'their p95 in ms': p95 },
    };
  });
}, 240_000);

/** Sends piece by piece, with a pause after each; tells the status. */
function slowUpload(service: Service, number: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const upload = request(new URL('/v1/files', service.url), {
      method: 'POST',
      headers: {
        Authorization: `Bearer ${service.key}`,
        'Content-Type': 'application/octet-stream',
      },
    });
    upload.on('error', reject);
    upload.on('response', (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    void (async () => {
      for (let piece = 0; piece < PIECES; piece += 1) {
        upload.write(Buffer.alloc(PIECE.bytes, number));
        await delay(PIECE.pauseMs);
      }
      upload.end();
    })();
  });
}
