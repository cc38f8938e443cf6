import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { createApp } from '../../src/app.js';
import { loadEnv } from '../../src/core/config/load-env.js';
import { migrate } from '../../src/core/database/index.js';
import { CreateUsers1764400000000 } from '../../src/migrations/1764400000000-create-users.js';
import { MIGRATIONS } from '../../src/migrations/index.js';
import { createApi } from '../support/api.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { addUser } from '../support/users.js';

const KEY = 'the-key-of-an-earlier-version-0123456789';

describe('An installation from before there were users', () => {
  let database: TestDatabase;
  let app: NestExpressApplication;
  let url: string;
  let dataDir: string;

  beforeAll(async () => {
    database = await createTestDatabase({ empty: true });
    const before = MIGRATIONS.indexOf(CreateUsers1764400000000);
    await migrate({ url: database.url }, MIGRATIONS.slice(0, before));
    const hash = createHash('sha256').update(KEY).digest();
    await database.query(
      `WITH admin AS (INSERT INTO principals (name, is_admin) VALUES ('admin', true) RETURNING id),
         key AS (INSERT INTO api_keys (principal_id, name, key_hash)
           SELECT id, 'admin', $1::bytea FROM admin)
       INSERT INTO datasets (id, slug, name, owner_id, visibility, deleted_at)
       SELECT gen_random_uuid(), slug, slug, admin.id, visibility, deleted_at
       FROM admin, (VALUES ('closed', 'private', NULL::timestamptz), ('open', 'public', NULL),
         ('gone', 'public', now())) given (slug, visibility, deleted_at)`,
      [hash],
    );
    dataDir = await mkdtemp(join(tmpdir(), 'stratum-migration-'));
    const settings = { STRATUM_DATA_DIR: dataDir, STRATUM_BOOTSTRAP_KEY: KEY };
    const env = loadEnv({ ...settings, LOG_LEVEL: 'silent' }, null);
    app = await createApp(env, { url: database.url });
    await app.listen(0, '127.0.0.1');
    url = await app.getUrl();
  });

  afterAll(async () => {
    await app?.close();
    await database.drop();
    await rm(dataDir, { recursive: true, force: true });
  });

  const slugs = async (key: string): Promise<string[]> => {
    const api = createApi(url, key);
    const { items } = await api.json<{ items: { slug: string }[] }>(200, '/v1/datasets');
    return items.map(({ slug }) => slug).sort();
  };

  it('keeps its key, whose user is still an admin and owns what it owned', async () => {
    expect(await slugs(KEY)).toEqual(['closed', 'open']);
    const api = createApi(url, KEY);
    const { ownerId } = await api.json<{ ownerId: string }>(200, '/v1/datasets/closed');
    expect(await database.query('SELECT id, name FROM users')).toEqual([
      { id: ownerId, name: 'admin' },
    ]);
    expect(await database.query('SELECT is_bootstrap FROM api_keys')).toEqual([
      { is_bootstrap: true },
    ]);
  });

  it('shows others what was public, and nothing else', async () => {
    const { key } = await addUser({ url, database }, 'newcomer');
    expect(await slugs(key)).toEqual(['open']);
  });
});
