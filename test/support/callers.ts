import { createHash, randomBytes } from 'node:crypto';
import type { Type } from '@nestjs/common';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { createApp } from '../../src/app.js';
import { createApi, type Api } from './api.js';
import type { TestApp } from './app.js';

export interface TestCaller extends Api {
  userId: string;
}

/** Another user of a running application, with a key that permits all that a user may do. */
export async function addCaller(
  app: TestApp,
  name: string,
  quotaBytes: number | null = null,
): Promise<TestCaller> {
  const key = randomBytes(32).toString('base64url');
  const [row] = await app.database.query<{ id: string }>(
    `WITH owner AS (INSERT INTO users (name, quota_bytes) VALUES ($1, $2) RETURNING id)
     INSERT INTO api_keys (user_id, name, key_hash) SELECT id, $1, $3 FROM owner
     RETURNING user_id AS id`,
    [name, quotaBytes, createHash('sha256').update(key).digest()],
  );
  return { ...createApi(app.url, key), userId: row?.id as string };
}

/** The same application once more, on the same database and data folder. */
export async function startReplica(
  of: TestApp,
  extensions: readonly Type[] = [],
): Promise<Api & { app: NestExpressApplication; stop(): Promise<void> }> {
  const app = await createApp(of.env, { url: of.database.url }, extensions);
  await app.listen(0, '127.0.0.1');
  return {
    ...createApi(await app.getUrl(), of.key),
    app,
    stop: async () => {
      app.getHttpServer().closeAllConnections();
      await app.close();
    },
  };
}
