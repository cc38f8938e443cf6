import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { startTestApp, type TestApp } from '../support/app.js';
import { FaultPart } from '../support/faults/part.js';
import { breaches, diskStore } from '../support/invariants.js';
import { endLeases, jobsApi, startWorkerProcess, TestKindsModule } from '../support/jobs.js';

const part = new FaultPart('J1', 'killed workers', { short: 1, full: 100 });
const WORKERS = 2;
/** Handed to each round's workers: more than they get done before one is killed. */
const JOBS = 12;

let app: TestApp;
let workers: ChildProcess[] = [];
beforeAll(async () => {
  // The keeper of this process supervises the queue; jobs are done by the processes alone.
  app = await startTestApp({ JOBS_PER_USER: '0' }, undefined, [TestKindsModule]);
  await app.database.query(`
    CREATE TABLE job_ends (job_id uuid, status text);
    CREATE FUNCTION note_end() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN INSERT INTO job_ends VALUES (NEW.id, NEW.status); RETURN NEW; END $$;
    CREATE TRIGGER job_ends AFTER UPDATE ON jobs FOR EACH ROW
      WHEN (NEW.finished_at IS NOT NULL) EXECUTE FUNCTION note_end()`);
  workers = await Promise.all(Array.from({ length: WORKERS }, () => startWorkerProcess(app)));
}, 120_000);
afterAll(async () => {
  for (const worker of workers) worker.kill('SIGKILL');
  await app.stop();
});

it('a worker is killed at any moment: each job ends once, with its output', async () => {
  const { write, get } = jobsApi(app);
  const { done } = await part.play(async (random, number) => {
    const ids: string[] = [];
    const submit = async (n: number): Promise<void> => {
      // Some tell how far they are, and take a while by that.
      const progress = random() < 0.2 ? [0.5] : [];
      ids.push((await write({ text: `${number} ${n}`, progress })).id);
    };
    const submitted = (async () => {
      for (let n = 0; n < JOBS; n += 1) await submit(n);
    })();
    await delay(random() * 400);
    const index = Math.floor(random() * WORKERS);
    workers[index]?.kill('SIGKILL');
    await once(workers[index] as ChildProcess, 'exit');
    await submitted;
    workers[index] = await startWorkerProcess(app);
    // Its lease is over at once, and not after JOB_LEASE_SECONDS.
    const held = await Promise.all(ids.map(get));
    await endLeases(
      app,
      held.filter(({ status }) => status === 'running').map(({ id }) => id),
    );
    let again = 0;
    for (const id of ids) {
      const job = await jobsApi(app).ended(id);
      expect([job.status, job.outputs.length]).toEqual(['succeeded', 1]);
      if (job.attempts > 1) again += 1;
    }
    const ends = await app.database.query<{ count: number }>(
      'SELECT count(*)::int AS count FROM job_ends WHERE job_id = ANY($1) GROUP BY job_id',
      [ids],
    );
    expect(ends).toEqual(ids.map(() => ({ count: 1 })));
    const runs = await app.database.query('SELECT FROM lineage_runs WHERE id = ANY($1)', [ids]);
    expect(runs.length).toBe(ids.length);
    return { faults: 1, figures: { jobs: ids.length, 'begun again': again } };
  });
  expect(done).toBeGreaterThanOrEqual(part.goal);
  // Bytes of those that were killed are given up when their leases are over; nothing has a false count.
  const store = diskStore(join(app.env.STRATUM_DATA_DIR, 'storage'));
  expect(await breaches(app.database, store, { quiet: false })).toEqual([]);
}, 3_600_000);
