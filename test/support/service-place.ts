import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createTestDatabase, type TestDatabase } from './database.js';

/** A database and a data folder for processes of the service. */
export interface ServicePlace {
  database: TestDatabase;
  dataDir: string;
  /** What `startService` needs to run here. */
  settings: { DATABASE_URL: string; STRATUM_DATA_DIR: string };
  remove(): Promise<void>;
}

export async function createServicePlace(): Promise<ServicePlace> {
  const database = await createTestDatabase();
  const dataDir = await mkdtemp(join(tmpdir(), 'stratum-place-'));
  return {
    database,
    dataDir,
    settings: { DATABASE_URL: database.url, STRATUM_DATA_DIR: dataDir },
    remove: async () => {
      await database.drop();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}
