import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { randomUUID } from 'node:crypto';
import { ARTIFACT_PRODUCER } from '../../src/core/contracts/artifact-producer.contract.js';
import { JobKind } from '../../src/core/contracts/jobs.contract.js';
import { ValidationFailedError } from '../../src/core/errors/index.js';
import { StorageModule } from '../../src/storage/index.js';
import type { Api } from './api.js';
import type { TestApp } from './app.js';
import { datasetsApi } from './datasets.js';
import { testKinds, type WriteParameters } from './job-kinds.js';

/** The kinds of the tests, for the application in this process. */
export const TestKindsModule = testKinds({
  JobKind,
  ARTIFACT_PRODUCER,
  StorageModule,
  refusal: (pointer, detail) => ValidationFailedError.of(pointer, detail),
});

export interface Job {
  id: string;
  kind: string;
  status: string;
  progress: number;
  message: string | null;
  outputs: { name: string; fileId: number }[];
  error?: { code: string; detail: string };
  attempts: number;
  [field: string]: unknown;
}

/** What tests do with jobs, through HTTP alone. */
export function jobsApi(api: Api) {
  const post = (body: object, headers = {}) =>
    datasetsApi(api).json('POST', '/v1/jobs', body, headers);
  const get = (id: string): Promise<Job> => api.json<Job>(200, `/v1/jobs/${id}`);
  const until = async (
    id: string,
    isIt: (job: Job) => boolean,
    milliseconds = 15_000,
  ): Promise<Job> => {
    for (const deadline = Date.now() + milliseconds; Date.now() < deadline; await delay(30)) {
      const job = await get(id);
      if (isIt(job)) return job;
    }
    throw new Error(`It does not come: ${JSON.stringify(await get(id))}`);
  };
  return {
    post,
    get,
    /** A job of the kind `write`. */
    write: async (parameters: Partial<WriteParameters> = {}, more = {}): Promise<Job> => {
      const answer = await post({
        kind: 'write',
        parameters: { text: 'a', ...parameters },
        ...more,
      });
      const text = await answer.text();
      if (answer.status !== 202) throw new Error(`${answer.status}: ${text}`);
      return JSON.parse(text) as Job;
    },
    cancel: (id: string) => api.fetch(`/v1/jobs/${id}`, { method: 'DELETE' }),
    until,
    ended: (id: string) => until(id, ({ status }) => status !== 'queued' && status !== 'running'),
    running: (id: string, attempts = 1) =>
      until(id, (job) => job.status === 'running' && job.attempts === attempts),
  };
}

/** A file that jobs wait for. */
export function gateIn(folder: string): { path: string; open(): Promise<void> } {
  const path = join(folder, `gate-${randomUUID()}`);
  return { path, open: () => writeFile(path, '') };
}

/** A worker of the same installation, as a process of its own, with one job at a time. */
export async function startWorkerProcess({ database, env }: TestApp): Promise<ChildProcess> {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'job-worker.mjs')], {
    env: {
      PATH: process.env['PATH'],
      DATABASE_URL: database.url,
      STRATUM_DATA_DIR: env.STRATUM_DATA_DIR,
      LOG_LEVEL: 'warn',
      GC_INTERVAL_SECONDS: '0',
      STORAGE_RESERVE_BYTES: '0',
      WORKERS: '1',
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(child, 'exit').then(([code]) => {
    throw new Error(`The worker ended at its start: ${code}`);
  });
  await Promise.race([once(child.stdout, 'data'), ended]);
  ended.catch(() => undefined);
  return child;
}

/** The lease of these jobs' workers is over. */
export async function endLeases({ database }: TestApp, ids: readonly string[]): Promise<void> {
  await database.query(
    `UPDATE pgboss.job SET heartbeat_on = heartbeat_on - interval '1 hour' WHERE id = ANY($1)`,
    [ids],
  );
}
