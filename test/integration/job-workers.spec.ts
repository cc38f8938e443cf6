import type { ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Type } from '@nestjs/common';
import { JobUsesRepository } from '../../src/analysis/index.js';
import { JobStates } from '../../src/analysis/jobs/job-states.service.js';
import { RunsRepository } from '../../src/analysis/jobs/runs.repository.js';
import { STORAGE_BACKEND } from '../../src/core/contracts/storage-backend.contract.js';
import { UnitOfWork } from '../../src/core/database/index.js';
import { checkStore, strangersOf, type FsckFinding } from '../../src/storage/index.js';
import { startTestApp, type TestApp } from '../support/app.js';
import { startReplica } from '../support/callers.js';
import { breaches, diskStore } from '../support/invariants.js';
import {
  endLeases,
  gateIn,
  jobsApi,
  startWorkerProcess,
  TestKindsModule,
  type Job,
} from '../support/jobs.js';
import { objectOf } from '../support/storage-damage.js';

let app: TestApp;
let workers: ChildProcess[] = [];
/** In this process, for what those leave. */
let heir: Awaited<ReturnType<typeof startReplica>> | null = null;

beforeAll(async () => {
  app = await startTestApp({ JOBS_PER_USER: '0' }, undefined, [TestKindsModule]);
  await watchEnds();
  workers = await Promise.all([1, 2, 3].map(() => startWorkerProcess(app)));
}, 120_000);
afterAll(async () => {
  for (const worker of workers) worker.kill('SIGKILL');
  await heir?.stop();
  await app.stop();
});

/** How often each job was ended, as the log of the database's own changes would tell it. */
async function watchEnds(): Promise<void> {
  await app.database.query(`
    CREATE TABLE IF NOT EXISTS job_ends (job_id uuid, status text);
    CREATE OR REPLACE FUNCTION note_end() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN INSERT INTO job_ends VALUES (NEW.id, NEW.status); RETURN NEW; END $$;
    CREATE OR REPLACE TRIGGER job_ends AFTER UPDATE ON jobs FOR EACH ROW
      WHEN (NEW.finished_at IS NOT NULL) EXECUTE FUNCTION note_end()`);
}

const endsOf = async (ids: readonly string[]): Promise<string[]> =>
  (
    await app.database.query<{ end: string }>(
      `SELECT job_id || ' ' || count(*) AS end FROM job_ends WHERE job_id = ANY($1) GROUP BY job_id`,
      [ids],
    )
  ).map(({ end }) => end);

const textOf = async (job: Job): Promise<string> =>
  (await app.fetch(`/v1/files/${job.outputs[0]?.fileId}/content`)).text();

describe('Workers as processes of their own', () => {
  it('share the jobs, and each job ends once', async () => {
    const { write, ended } = jobsApi(app);
    const jobs = await Promise.all(Array.from({ length: 30 }, (_, n) => write({ text: `${n}` })));
    const done = await Promise.all(jobs.map(({ id }) => ended(id)));
    expect(done.map(({ status }) => status)).toEqual(jobs.map(() => 'succeeded'));
    expect(await Promise.all(done.map(textOf))).toEqual(jobs.map((_, n) => `${n} 1`));
    expect((await endsOf(jobs.map(({ id }) => id))).sort()).toEqual(
      jobs.map(({ id }) => `${id} 1`).sort(),
    );
  });

  it('that are stopped or killed have their jobs begun again; a frozen one changes nothing', async () => {
    const gate = gateIn(app.env.STRATUM_DATA_DIR);
    const { write, running, ended, get } = jobsApi(app);
    const [stopped, killed, frozen] = workers as [ChildProcess, ChildProcess, ChildProcess];
    const jobs = [1, 2, 3].map(() => write({ text: 'again', until: gate.path }));
    const ids = (await Promise.all(jobs)).map(({ id }) => id);
    for (const id of ids) await running(id);
    frozen.kill('SIGSTOP');
    killed.kill('SIGKILL');
    stopped.kill('SIGTERM');
    await once(stopped, 'exit');
    const isGivenBack = async (id: string): Promise<boolean> => (await get(id)).attempts === 0;
    const [given] = (await Promise.all(ids.map(isGivenBack))).flatMap((is, n) =>
      is ? ids[n] : [],
    );
    expect(await get(given as string)).toMatchObject({ status: 'queued' });
    await endLeases(app, ids);
    heir = await startReplica({ ...app, env: { ...app.env, WORKERS: 3 } }, [TestKindsModule]);
    // That it was given back does not count.
    for (const id of ids) await running(id, id === given ? 1 : 2);
    // Beside the one that has its job now it finds the gate open, and would end the job.
    frozen.kill('SIGCONT');
    await gate.open();
    const done = await Promise.all(ids.map(ended));
    expect(done.map(({ status }) => status)).toEqual(ids.map(() => 'succeeded'));
    frozen.kill('SIGTERM');
    await once(frozen, 'exit');
    expect(await Promise.all(ids.map(get))).toEqual(done);
    expect((await Promise.all(done.map(textOf))).sort()).toEqual(['again 1', 'again 2', 'again 2']);
    expect((await endsOf(ids)).sort()).toEqual(ids.map((id) => `${id} 1`).sort());
  });

  it('that have been lost three times over a job are given it no more', async () => {
    const { write, running, ended } = jobsApi(app);
    const { id } = await write({ until: '/nowhere' });
    await running(id);
    await app.database.query('UPDATE jobs SET attempts = 3 WHERE id = $1', [id]);
    await endLeases(app, [id]);
    expect(await ended(id)).toMatchObject({ status: 'failed', error: { code: 'worker-died' } });
  });

  it('write nothing of a job that is no longer theirs, whether it runs on or not', async () => {
    const of = <T>(token: Type<T>): T => app.app.get(token, { strict: false });
    const [runs, states, unitOfWork] = [of(RunsRepository), of(JobStates), of(UnitOfWork)];
    const { id } = await jobsApi(app).write({ until: '/nowhere' });
    await jobsApi(app).running(id);
    const [old, next] = [randomUUID(), randomUUID()];
    await runs.claim(id, old, 9);
    await runs.claim(id, next, 9);
    const before = await jobsApi(app).get(id);
    expect(await runs.progress(id, old, 0.9, null)).toBe(false);
    expect(await unitOfWork.run((tx) => runs.keep(tx, id, old))).toBe(false);
    expect(await unitOfWork.run((tx) => runs.release(tx, id, old))).toBe(false);
    expect(await states.change((tx) => states.end(tx, id, old, { status: 'failed' }))).toBeNull();
    expect(await jobsApi(app).get(id)).toEqual(before);
    const ended = await states.change((tx) => states.end(tx, id, next, { status: 'cancelled' }));
    expect(ended).toMatchObject({ status: 'cancelled', runId: null });
    expect(await states.change((tx) => states.end(tx, id, null, { status: 'failed' }))).toBeNull();
  });

  it('leave nothing behind that belongs to nobody', async () => {
    const outputs = await app.database.query(
      `SELECT r.file_id FROM file_references r WHERE r.owner_type = 'job' AND NOT EXISTS (
         SELECT FROM jobs j CROSS JOIN jsonb_array_elements(j.outputs) o
         WHERE j.id::text = r.owner_id AND (o ->> 'fileId')::int = r.file_id)`,
    );
    expect(outputs).toEqual([]);
    const store = diskStore(join(app.env.STRATUM_DATA_DIR, 'storage'));
    expect(await breaches(app.database, store)).toEqual([]);
  });

  it('have made what fsck knows: whose bytes are gone, and what is no longer held', async () => {
    const { write, ended } = jobsApi(app);
    const [lost, unheld] = await Promise.all(
      ['lost', 'unheld'].map(async (text) => await ended((await write({ text })).id)),
    );
    const [{ fileId } = { fileId: 0 }] = lost?.outputs ?? [];
    await rm(await objectOf(app, fileId));
    await app.database.query(
      `WITH gone AS (DELETE FROM file_references WHERE owner_type = 'job' AND owner_id = $1 RETURNING file_id)
       UPDATE files SET reference_count = reference_count - 1, zero_since = now()
       WHERE id IN (SELECT file_id FROM gone)`,
      [unheld?.id],
    );
    const findings: FsckFinding[] = [];
    const parts = {
      unitOfWork: app.app.get(UnitOfWork),
      backend: app.app.get(STORAGE_BACKEND, { strict: false }),
      strangers: strangersOf(app.env),
      uses: [new JobUsesRepository()],
      retainSeconds: 0,
    };
    const how = { readData: 0, repair: false, seed: 1 };
    await checkStore(parts, { ...how, onFinding: (finding) => findings.push(finding) });
    expect(findings).toContainEqual(
      expect.objectContaining({
        kind: 'object-missing',
        fileId,
        uses: [`job ${lost?.id} (write): its output text`],
      }),
    );
    expect(findings).toContainEqual(
      expect.objectContaining({
        kind: 'use-unheld',
        message: expect.stringContaining(`output text of job ${unheld?.id}`),
      }),
    );
  });
});
