import { createHash, randomBytes } from 'node:crypto';
import { createApi, type Api } from './api.js';
import type { TestApp } from './app.js';

export interface TestUser extends Api {
  id: string;
  name: string;
  keyId: string;
}

export interface UserOptions {
  isAdmin?: boolean;
  /** Names of groups; one that is not there is made. */
  groups?: readonly string[];
  /** Of the key; default: all that the user may do. */
  scopes?: readonly string[] | null;
}

type App = Pick<TestApp, 'url' | 'database'>;

/** A user with a key, by rows of the tests' own: what is tested with them does not depend on routes. */
export async function addUser(
  app: App,
  name: string,
  options: UserOptions = {},
): Promise<TestUser> {
  const { isAdmin = false, groups = [], scopes = null } = options;
  const [user] = await app.database.query<{ id: string }>(
    'INSERT INTO users (name, is_admin) VALUES ($1, $2) RETURNING id',
    [name, isAdmin],
  );
  const { id } = user as { id: string };
  for (const group of groups) {
    await app.database.query(
      `WITH made AS (INSERT INTO groups (name) VALUES ($1) ON CONFLICT DO NOTHING RETURNING id)
       INSERT INTO group_members (group_id, user_id)
       SELECT id, $2 FROM (SELECT id FROM made UNION SELECT id FROM groups WHERE name = $1) g`,
      [group, id],
    );
  }
  return { ...(await addKey(app, id, { scopes })), id, name };
}

export interface KeyOptions {
  scopes?: readonly string[] | null;
  expiresAt?: Date;
  revokedAt?: Date;
}

/** One more key of a user. */
export async function addKey(
  app: App,
  userId: string,
  { scopes = null, expiresAt, revokedAt }: KeyOptions = {},
): Promise<Api & { keyId: string }> {
  const key = `test_${randomBytes(24).toString('base64url')}`;
  const [row] = await app.database.query<{ id: string }>(
    `INSERT INTO api_keys (user_id, name, key_hash, scopes, expires_at, revoked_at)
     VALUES ($1, 'a key', $2, $3, $4, $5) RETURNING id`,
    [userId, createHash('sha256').update(key).digest(), scopes, expiresAt, revokedAt],
  );
  return { ...createApi(app.url, key), keyId: (row as { id: string }).id };
}
