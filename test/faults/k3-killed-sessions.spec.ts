import { setTimeout as delay } from 'node:timers/promises';
import { expect, it } from '@jest/globals';
import { eventually } from '../support/embedded-postgres-lab.js';
import { underLoad } from '../support/faults/load.js';
import { FaultPart } from '../support/faults/part.js';

const part = new FaultPart('K3', 'killed sessions', { short: 12, full: 1000 });
const KILLS_PER_ROUND = 200;

it('keeps every promise while its database sessions are killed', async () => {
  const { done } = await part.play(async (random) => {
    const wanted = Math.min(KILLS_PER_ROUND, part.goal);
    let killed = 0;
    const { acknowledged } = await underLoad(random, async (load) => {
      const replica = await load.cluster.start({ GC_INTERVAL_SECONDS: '1' });
      load.replicas = [replica];
      while (killed < wanted) {
        await delay(100 + random() * 300);
        // Now one of them, now all.
        const sessions = await load.cluster.steady.database.query(
          `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
           WHERE datname = current_database() AND application_name = 'stratum'
           ORDER BY random() LIMIT $1`,
          [random() < 0.3 ? 100 : 1],
        );
        killed += sessions.length;
      }
      // It has lived through it, and serves, as soon as it has sessions again.
      await eventually(async () => (await replica.fetch('/health/ready')).status === 200);
      expect(`${replica.process.exitCode} ${replica.output().slice(-3000)}`).toMatch(/^null /);
    });
    expect(acknowledged).toBeGreaterThan(0);
    return { faults: killed, figures: { acknowledged } };
  });
  expect(done).toBeGreaterThanOrEqual(part.goal);
}, 3_600_000);
