import { DataSource, type MigrationInterface } from 'typeorm';
import { dataSourceOptions, type DatabaseAddress } from './data-source.options.js';

/** Any number that nothing else locks: `stratum` in ASCII, cut to 48 bits. */
const MIGRATION_LOCK = 0x737472617475;

export type MigrationClass = new () => MigrationInterface;

/**
 * Brings the schema up to date, each migration in a transaction of its own. Replicas that start at
 * once wait for each other. Returns the names of the migrations that were run.
 */
export async function migrate(
  address: DatabaseAddress,
  migrations: MigrationClass[],
): Promise<string[]> {
  const dataSource = new DataSource({
    ...dataSourceOptions({ address, poolSize: 2, timeouts: false }),
    migrations,
  });
  await dataSource.initialize();
  try {
    const lock = dataSource.createQueryRunner();
    await lock.query('SELECT pg_advisory_lock($1)', [MIGRATION_LOCK]);
    const done = await dataSource.runMigrations();
    await lock.query('SELECT pg_advisory_unlock($1)', [MIGRATION_LOCK]);
    await lock.release();
    return done.map(({ name }) => name);
  } finally {
    await dataSource.destroy();
  }
}
