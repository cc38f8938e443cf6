import { spawn, type ChildProcess } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startTestApp, type TestApp } from '../support/app.js';
import { jobsApi, type Job } from '../support/jobs.js';
import { tablesApi } from '../support/tables.js';

/** A process is started and stopped meanwhile, on a machine that may be busy. */
const PATIENCE_MS = 60_000;
const hasEnded = ({ status }: Job): boolean => status !== 'queued' && status !== 'running';

let app: TestApp;
let worker: ChildProcess | null = null;
beforeAll(async () => {
  // Nobody else works: WORKERS is 0 here. What a request has begun goes on here, too, for so long.
  app = await startTestApp({ QUERY_DEADLINE_SECONDS: '5' });
});
afterAll(async () => {
  if (worker) killAll(worker);
  await app.stop();
});

/** npm, the worker and its children. */
function killAll({ pid }: ChildProcess): void {
  try {
    process.kill(-(pid as number), 'SIGKILL');
  } catch {
    // They have ended.
  }
}

async function startCommand(): Promise<ChildProcess> {
  const child = spawn('npm', ['run', '--silent', 'worker'], {
    env: {
      PATH: process.env['PATH'],
      DATABASE_URL: app.database.url,
      STRATUM_DATA_DIR: app.env.STRATUM_DATA_DIR,
      LOG_LEVEL: 'warn',
      GC_INTERVAL_SECONDS: '0',
      STORAGE_RESERVE_BYTES: '0',
      QUERY_DEADLINE_SECONDS: '60',
      WORKERS: '1',
    },
    detached: true,
    stdio: ['ignore', 'inherit', 'pipe'],
  });
  let output = '';
  child.stderr.on('data', (chunk) => (output += chunk));
  for (
    const deadline = Date.now() + 60_000;
    !output.includes('Working on 1 job');
    await delay(50)
  ) {
    if (child.exitCode !== null || Date.now() > deadline) throw new Error(output);
  }
  return child;
}

/** A statement that goes on as a job. */
async function ask(id: string, sql: string): Promise<Job> {
  const answer = await app.fetch('/v1/query', {
    method: 'POST',
    body: JSON.stringify({ datasetId: id, sql }),
    headers: { 'Content-Type': 'application/json', Prefer: 'wait=0' },
  });
  expect(answer.status).toBe(202);
  return await app.json<Job>(200, answer.headers.get('location') as string);
}

describe('npm run worker', () => {
  it('works beside a service that does not, and when it is stopped gives back what it is at', async () => {
    const id = await tablesApi(app).dataset({ 'a.csv': `n\n${'1\n'.repeat(1000)}` });
    const slow =
      'SELECT count(*) FROM "a.csv" a, "a.csv" b, "a.csv" c, "a.csv" d WHERE a.n + b.n + c.n + d.n = 3';
    const quick = await ask(id, 'SELECT count(*) FROM "a.csv"');
    worker = await startCommand();
    const { running, until } = jobsApi(app);
    expect(await until(quick.id, hasEnded, PATIENCE_MS)).toMatchObject({
      status: 'succeeded',
      attempts: 1,
    });
    const job = await ask(id, slow);
    await running(job.id);
    worker.kill('SIGTERM');
    worker.kill('SIGTERM');
    // What a job works with is stopped too, which must not count as its end.
    const after = await until(job.id, ({ status }) => status !== 'running', PATIENCE_MS);
    expect(after).toMatchObject({ status: 'queued', attempts: 0 });
    expect(after.error).toBeUndefined();
  }, 200_000);
});
