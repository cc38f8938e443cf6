import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { loadEnv } from '../core/config/load-env.js';
import type { Env } from '../core/config/config.js';
import type { DatabaseAddress } from '../core/database/index.js';
import { startWorker } from '../worker.js';
import { runCommand } from './run-command.js';

const USAGE = `npm run worker

Works on jobs beside the service, on this machine or another, until it is told to stop (SIGTERM, SIGINT);
what it works on then is begun again by another. WORKERS says how many at a time.

On another machine it needs what the service has: DATABASE_URL, and a store that both reach. Without
DATABASE_URL it shares the embedded database of a service that runs on this machine, on the same
STRATUM_DATA_DIR.`;

class UsageError extends Error {}

async function main(): Promise<number> {
  if (process.argv.includes('--help')) {
    console.log(USAGE);
    return 0;
  }
  const env = loadEnv();
  if (env.WORKERS === 0) throw new UsageError('WORKERS is 0: there is nothing for a worker to do.');
  const worker = await startWorker(env, await addressOf(env));
  console.error(`Working on ${env.WORKERS} jobs at a time.`);
  await stopAsked();
  await worker.close();
  return 0;
}

/** A second signal changes nothing: npm passes on what the terminal has sent to both. */
async function stopAsked(): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => resolve());
  await promise;
}

/** A worker owns no database: a service that comes after it would find it taken. */
async function addressOf(env: Env): Promise<DatabaseAddress> {
  if (env.DATABASE_URL) return { url: env.DATABASE_URL };
  if (!existsSync(join(env.STRATUM_DATA_DIR, 'postgres'))) throw noService(env);
  const { shareEmbeddedPostgres } = await import('../core/database/embedded/index.js');
  const postgres = await shareEmbeddedPostgres({
    dataDir: env.STRATUM_DATA_DIR,
    log: (message) => console.error(message),
  });
  if (!postgres.owned) return postgres.connection;
  await postgres.stop();
  throw noService(env);
}

const noService = ({ STRATUM_DATA_DIR: folder }: Env): UsageError =>
  new UsageError(
    `No service runs on ${folder}, whose embedded database a worker could share: start it first, or set DATABASE_URL for both.`,
  );

await runCommand(main, 1);
