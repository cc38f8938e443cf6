import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Env } from '../core/config/config.js';
import {
  StandaloneUnitOfWork,
  type DatabaseAddress,
  type UnitOfWork,
} from '../core/database/index.js';

/** A service that waits for the data folder looks for it every 50 ms. */
const YIELD_MS = 1_000;

/** This installation has no database yet, so there is nothing to look at. */
export class NoDatabaseError extends Error {}

/**
 * Hands a command the database of the installation: the server that DATABASE_URL names, else the
 * embedded one, started when the service is stopped and shared when it runs. Makes none. A service that
 * starts meanwhile takes the embedded one over, and the command goes on beside it.
 */
export async function withInstalledDatabase<T>(
  env: Env,
  work: (unitOfWork: UnitOfWork) => Promise<T>,
): Promise<T> {
  if (!env.DATABASE_URL) return await withEmbeddedDatabase(env.STRATUM_DATA_DIR, work);
  const unitOfWork = await StandaloneUnitOfWork.open({ url: env.DATABASE_URL });
  try {
    return await work(unitOfWork);
  } finally {
    await unitOfWork.close();
  }
}

async function withEmbeddedDatabase<T>(
  dataDir: string,
  work: (unitOfWork: UnitOfWork) => Promise<T>,
): Promise<T> {
  if (!existsSync(join(dataDir, 'postgres'))) {
    throw new NoDatabaseError(
      `${dataDir} has no database (is STRATUM_DATA_DIR or DATABASE_URL set as for the service?).`,
    );
  }
  const { shareEmbeddedPostgres } = await import('../core/database/embedded/index.js');
  // Until it can be handed over, whoever asks waits, and asks again.
  let onYield = (): void => undefined;
  const share = () =>
    shareEmbeddedPostgres({ dataDir, log: console.error, onYield: () => onYield() });
  let postgres = await share();
  try {
    const unitOfWork = await StandaloneUnitOfWork.open(postgres.connection);
    const move = async (): Promise<DatabaseAddress> => {
      await postgres.stop();
      await delay(YIELD_MS);
      postgres = await share();
      return postgres.connection;
    };
    let isMoving = false;
    onYield = () => {
      if (isMoving) return;
      isMoving = true;
      console.error('A service starts and takes the database over; this goes on beside it.');
      const moved = unitOfWork.moveTo(move).finally(() => (isMoving = false));
      // The next transaction tells of it.
      moved.catch(() => undefined);
    };
    try {
      return await work(unitOfWork);
    } finally {
      onYield = () => undefined;
      await unitOfWork.close();
    }
  } finally {
    await postgres.stop();
  }
}
