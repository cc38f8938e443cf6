import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Env } from '../core/config/config.js';
import type { DatabaseAddress } from '../core/database/index.js';

/** This installation has no database yet, so there is nothing to look at. */
export class NoDatabaseError extends Error {}

/**
 * Hands a command the database of the installation: the server that DATABASE_URL names, else the
 * embedded one, started when the service is stopped and shared when it runs. Makes none.
 */
export async function withInstalledDatabase<T>(
  env: Env,
  work: (address: DatabaseAddress) => Promise<T>,
): Promise<T> {
  if (env.DATABASE_URL) return await work({ url: env.DATABASE_URL });
  if (!existsSync(join(env.STRATUM_DATA_DIR, 'postgres'))) {
    throw new NoDatabaseError(
      `${env.STRATUM_DATA_DIR} has no database (is STRATUM_DATA_DIR or DATABASE_URL set as for the service?).`,
    );
  }
  const { shareEmbeddedPostgres } = await import('../core/database/embedded/index.js');
  const postgres = await shareEmbeddedPostgres({
    dataDir: env.STRATUM_DATA_DIR,
    log: (message) => console.error(message),
  });
  try {
    return await work(postgres.connection);
  } finally {
    await postgres.stop();
  }
}
