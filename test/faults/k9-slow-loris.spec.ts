import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { startCluster, type Cluster } from '../support/cluster.js';
import { FaultPart, IS_FULL } from '../support/faults/part.js';
import { uploadSlotsUsed } from '../support/metrics.js';
import { rawConnection, requestHead, type RawConnection } from '../support/raw-http.js';
import type { Service } from '../support/service.js';

const part = new FaultPart('K9', 'slow-loris sockets', { short: 40, full: 500 });
/** Headers have a time limit of their own that is not ours to set lower in a short run. */
const STALL_SECONDS = IS_FULL ? 10 : 1;
const CLOSED_WITHIN_MS = 90_000;

let cluster: Cluster;
let service: Service;
beforeAll(async () => {
  cluster = await startCluster();
  service = await cluster.start({
    UPLOAD_STALL_SECONDS: String(STALL_SECONDS),
    UPLOAD_LEASE_SECONDS: '60',
    UPLOAD_SLOTS: '600',
    UPLOAD_SLOTS_PER_USER: '600',
  });
});
afterAll(() => cluster.stop());

/** Sends a crumb now and then until it is cut off; resolves when it is. */
async function drip(connection: RawConnection, crumbs: () => string): Promise<void> {
  let isOpen = true;
  const ended = new Promise<void>((resolve) => {
    connection.socket.once('close', () => {
      isOpen = false;
      resolve();
    });
  });
  // An answer may come before the end of the connection: the slow one goes on all the same.
  void connection.answer();
  while (isOpen) {
    await connection.send(crumbs());
    await Promise.race([delay(1000), ended]);
  }
}

it('cuts those off that drip, and serves the others meanwhile', async () => {
  const { done } = await part.play(async (random) => {
    const sockets = part.goal;
    const begun = performance.now();
    let open = sockets;
    const dripping = Promise.all(
      Array.from({ length: sockets }, async (_, number) => {
        const connection = await rawConnection(service);
        // In a full run every second one never gets to the end of its headers.
        if (IS_FULL && number % 2) {
          await connection.send('POST /v1/files HTTP/1.1\r\nHost: test\r\n');
          await drip(connection, () => `X-${Math.floor(random() * 1e9)}: y\r\n`);
        } else {
          await connection.send(requestHead(service, 'POST /v1/files', { 'Content-Length': 1e6 }));
          await drip(connection, () => 'x');
        }
        open -= 1;
      }),
    );
    const times: number[] = [];
    while (open > 0 && performance.now() - begun < CLOSED_WITHIN_MS) {
      const start = performance.now();
      expect((await service.upload(`honest ${times.length}`)).status).toBe(201);
      times.push(performance.now() - start);
      await delay(50);
    }
    expect(open).toBe(0);
    await dripping;
    await uploadSlotsUsed(service, 0);
    expect(await cluster.breachesAtRest()).toEqual([]);
    times.sort((a, b) => a - b);
    return {
      faults: sockets,
      figures: {
        'honest uploads meanwhile': times.length,
        'their p95 in ms': Math.round(times[Math.floor(times.length * 0.95)] ?? 0),
        'seconds until all were closed': Math.round((performance.now() - begun) / 1000),
      },
    };
  });
  expect(done).toBeGreaterThanOrEqual(part.goal);
}, 600_000);
