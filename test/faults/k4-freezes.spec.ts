import { setTimeout as delay } from 'node:timers/promises';
import { expect, it } from '@jest/globals';
import { underLoad } from '../support/faults/load.js';
import { FaultPart } from '../support/faults/part.js';
import type { Service } from '../support/service.js';

const part = new FaultPart('K4', 'freezes', { short: 6, full: 1000 });
const FREEZES_PER_ROUND = 100;
const REPLICAS = 3;
/** Longer than a lease of a second, so that the frozen are taken for dead. */
const FROZEN_MS = { atLeast: 1_100, more: 900 };

it('keeps every promise while uploaders and collectors freeze for longer than their lease', async () => {
  const { done } = await part.play(async (random) => {
    const freezes = Math.min(FREEZES_PER_ROUND, part.goal);
    let frozen = 0;
    const keepFreezing = async (replica: Service): Promise<void> => {
      while (frozen < freezes) {
        frozen += 1;
        await delay(50 + random() * 400);
        replica.process.kill('SIGSTOP');
        await delay(FROZEN_MS.atLeast + random() * FROZEN_MS.more);
        replica.process.kill('SIGCONT');
      }
    };
    const { acknowledged } = await underLoad(random, async (load) => {
      load.replicas = await Promise.all(
        Array.from({ length: REPLICAS }, () => load.cluster.start({ GC_INTERVAL_SECONDS: '1' })),
      );
      await Promise.all(load.replicas.map((replica) => keepFreezing(replica as Service)));
      for (const replica of load.replicas) expect(replica?.process.exitCode).toBeNull();
    });
    expect(acknowledged).toBeGreaterThan(0);
    return { faults: frozen, figures: { acknowledged } };
  });
  expect(done).toBeGreaterThanOrEqual(part.goal);
}, 7_200_000);
