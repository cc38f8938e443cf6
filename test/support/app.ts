import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Type } from '@nestjs/common';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { createApp } from '../../src/app.js';
import type { Env } from '../../src/core/config/config.js';
import { loadEnv } from '../../src/core/config/load-env.js';
import { createApi, type Api } from './api.js';
import { createTestDatabase, type TestDatabase } from './database.js';

export const TEST_KEY = 'test-key-0123456789abcdefghijklmnop';

export interface TestApp extends Api {
  app: NestExpressApplication;
  database: TestDatabase;
  env: Env;
  stop(): Promise<void>;
}

/**
 * The application in this process, on a database and a data folder of its own.
 * @param through where the application reaches its database, given where the database is
 */
export async function startTestApp(
  settings: Record<string, string> = {},
  through: (databaseUrl: string) => Promise<string> = async (url) => url,
  extensions: readonly Type[] = [],
): Promise<TestApp> {
  const database = await createTestDatabase();
  const dataDir = await mkdtemp(join(tmpdir(), 'stratum-app-'));
  const env = loadEnv(
    {
      STRATUM_DATA_DIR: dataDir,
      STRATUM_BOOTSTRAP_KEY: TEST_KEY,
      LOG_LEVEL: 'silent',
      // The collector runs when a test says so.
      GC_INTERVAL_SECONDS: '0',
      // Who tests jobs says how many.
      WORKERS: '0',
      STORAGE_RESERVE_BYTES: '0',
      // Most tests read no tables.
      ENGINE_SPARE_PROCESSES: '0',
      ...settings,
    },
    null,
  );
  const app = await createApp(env, { url: await through(database.url) }, extensions);
  await app.listen(0, '127.0.0.1');
  return {
    ...createApi(await app.getUrl(), TEST_KEY),
    app,
    database,
    env,
    stop: async () => {
      app.getHttpServer().closeAllConnections();
      await app.close();
      await database.drop();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}
