import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { runClient, startCluster, type Cluster } from '../support/cluster.js';
import { faultRounds, faultSeed, History, seededRandom } from '../support/history.js';
import type { Service } from '../support/service.js';

const CLIENTS = 6;
/** For as many rounds as FAULT_ROUNDS may ask for. */
const TIMEOUT_MS = 100_000 + faultRounds(4) * 15_000;

describe('replicas under load', () => {
  let cluster: Cluster;
  beforeEach(async () => {
    cluster = await startCluster();
  });
  afterEach(() => cluster.stop());

  it(
    'keep every promise while they are killed at random',
    async () => {
      const random = seededRandom(faultSeed('random kills'));
      const settings = { GC_INTERVAL_SECONDS: '1' };
      const replicas: Service[] = [await cluster.start(settings), await cluster.start(settings)];
      const history = new History();
      let isOver = false;
      const clients = Array.from({ length: CLIENTS }, (_, number) =>
        runClient({
          name: `client ${number}`,
          history,
          random: seededRandom(Math.floor(random() * 2 ** 31)),
          pick: () => replicas[number % 2] as Service,
          isOver: () => isOver,
        }),
      );
      for (let round = 0; round < faultRounds(4); round += 1) {
        await delay(200 + random() * 800);
        const victim = random() < 0.5 ? 0 : 1;
        expect(await replicas[victim]?.kill('SIGKILL')).toBe('SIGKILL');
        replicas[victim] = await cluster.start(settings);
      }
      isOver = true;
      await Promise.all(clients);
      await Promise.all(replicas.map((replica) => replica.kill('SIGKILL')));
      expect(history.acknowledged).toBeGreaterThan(CLIENTS);
      expect(await cluster.breachesAtRest()).toEqual([]);
      expect(await history.brokenPromises(cluster.steady)).toEqual([]);
    },
    TIMEOUT_MS,
  );

  it(
    'keep every promise while their database sessions are killed',
    async () => {
      const random = seededRandom(faultSeed('killed sessions'));
      const replica = await cluster.start({ GC_INTERVAL_SECONDS: '1' });
      const history = new History();
      let isOver = false;
      const clients = Array.from({ length: CLIENTS }, (_, number) =>
        runClient({
          name: `client ${number}`,
          history,
          random: seededRandom(Math.floor(random() * 2 ** 31)),
          pick: () => replica,
          isOver: () => isOver,
        }),
      );
      let killed = 0;
      for (let round = 0; round < faultRounds(4) * 3; round += 1) {
        await delay(100 + random() * 300);
        // Now one of them, now all.
        const sessions = await cluster.steady.database.query(
          `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
         WHERE datname = current_database() AND application_name = 'stratum'
         ORDER BY random() LIMIT $1`,
          [random() < 0.3 ? 100 : 1],
        );
        killed += sessions.length;
      }
      isOver = true;
      await Promise.all(clients);
      // It has lived through it, and serves.
      expect(`${replica.process.exitCode} ${endOf(replica.output())}`).toMatch(/^null /);
      expect(killed).toBeGreaterThan(0);
      expect(history.acknowledged).toBeGreaterThan(CLIENTS);
      // It has lived through it, and serves.
      expect((await replica.fetch('/health/ready')).status).toBe(200);
      expect(replica.process.exitCode).toBeNull();
      await replica.kill('SIGKILL');
      expect(await cluster.breachesAtRest()).toEqual([]);
      expect(await history.brokenPromises(cluster.steady)).toEqual([]);
    },
    TIMEOUT_MS,
  );
});

/** What a process that ended has said of it. */
const endOf = (output: string): string => output.slice(-3000);
