import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { migrate } from '../../src/core/database/index.js';
import {
  startEmbeddedPostgres,
  type EmbeddedPostgres,
} from '../../src/core/database/embedded/index.js';
import { MIGRATIONS } from '../../src/migrations/index.js';
import { onServer } from '../support/database.js';
import { postmasterPid } from '../support/embedded-postgres-lab.js';
import { underLoad } from '../support/faults/load.js';
import { FaultPart } from '../support/faults/part.js';

const part = new FaultPart('K3', 'restarts of PostgreSQL', { short: 1, full: 20 });
const RESTARTS_PER_ROUND = 5;

/** A server of its own, with fsync: the one that all tests share must not be restarted. */
let dataDir: string;
let postgres: EmbeddedPostgres;
const shared = process.env['STRATUM_TEST_POSTGRES'];
beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'stratum-restarts-'));
  postgres = await startEmbeddedPostgres({ dataDir, log: () => undefined });
  const { host, port, user } = postgres.connection;
  const url = new URL(`postgres://${user}@localhost:${port}/postgres`);
  url.searchParams.set('host', host);
  process.env['STRATUM_TEST_POSTGRES'] = url.href;
  await onServer('CREATE DATABASE migrated');
  url.pathname = '/migrated';
  await migrate({ url: url.href }, MIGRATIONS);
});
afterAll(async () => {
  process.env['STRATUM_TEST_POSTGRES'] = shared;
  await postgres.stop();
  await rm(dataDir, { recursive: true, force: true });
});

/** The server is gone at once, as after a power cut, and comes back by its log. */
async function restart(): Promise<void> {
  const before = postmasterPid(dataDir);
  process.kill(before, 'SIGQUIT');
  for (const deadline = Date.now() + 60_000; Date.now() < deadline; await delay(50)) {
    const isBack = await onServer('SELECT 1').then(
      () => postmasterPid(dataDir) !== before,
      () => false,
    );
    if (isBack) return;
  }
  throw new Error('PostgreSQL does not come back.');
}

it('keeps every promise while PostgreSQL is stopped at once and started again', async () => {
  const { done } = await part.play(async (random) => {
    const restarts = Math.min(RESTARTS_PER_ROUND, part.goal);
    const { acknowledged } = await underLoad(random, async (load) => {
      load.replicas = await Promise.all(
        [0, 1].map(() => load.cluster.start({ GC_INTERVAL_SECONDS: '1' })),
      );
      for (let n = 0; n < restarts; n += 1) {
        await delay(300 + random() * 1000);
        await restart();
      }
      // Both have lived through it, and serve.
      for (const replica of load.replicas) {
        expect((await replica!.upload('after the restart')).status).toBe(201);
      }
    });
    expect(acknowledged).toBeGreaterThan(0);
    return { faults: restarts, figures: { acknowledged } };
  });
  expect(done).toBeGreaterThanOrEqual(part.goal);
}, 1_800_000);
