import { createHash, randomBytes } from 'node:crypto';
import { crc32 } from 'node:zlib';
import type { Api } from '../api.js';
import type { TestDatabase } from '../database.js';

/** A key that nobody has, as the service would make it; with a secret of which a part may be given. */
export function strangeKey(beginning = ''): string {
  const secret = (beginning + randomBytes(32).toString('base64url')).slice(0, 43);
  return `stratum_${secret}_${crc32(secret).toString(16).padStart(8, '0')}`;
}

/** Keys of the admin, as the service issues them; by SQL where there is no route for that. */
export async function issueKeys(
  api: Api,
  database: TestDatabase,
  count: number,
): Promise<string[]> {
  const keys: string[] = [];
  while (keys.length < count) {
    const response = await api.fetch('/v1/api-keys', {
      method: 'POST',
      body: JSON.stringify({ name: `key ${keys.length}` }),
      headers: { 'Content-Type': 'application/json' },
    });
    const text = await response.text();
    if (response.status === 404) keys.push(await insertKey(database));
    else if (response.status === 201) keys.push((JSON.parse(text) as { key: string }).key);
    else throw new Error(`${response.status}: ${text}`);
  }
  return keys;
}

async function insertKey(database: TestDatabase): Promise<string> {
  const key = strangeKey();
  await database.query(
    `INSERT INTO api_keys (user_id, name, key_hash, hint)
     SELECT id, 'inserted', $1, $2 FROM users WHERE is_admin LIMIT 1`,
    [createHash('sha256').update(key).digest(), key.slice(0, 12)],
  );
  return key;
}

/** Every row of every table as text: what a dump of the database holds. */
export async function dumpOf(database: TestDatabase): Promise<string> {
  const tables = await database.query<{ name: string }>(
    `SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables
     WHERE schemaname NOT IN ('pg_catalog', 'information_schema')`,
  );
  const dumps = await Promise.all(
    tables.map(async ({ name }) => {
      const rows = await database.query<{ row: string }>(`SELECT t::text AS row FROM ${name} t`);
      return [name, ...rows.map(({ row }) => row)].join('\n');
    }),
  );
  return dumps.join('\n');
}

/** Spellings of the secrets that a text holds, for people: never the secrets themselves. */
export function leaksOf(text: string, secrets: readonly string[]): string[] {
  const lower = text.toLowerCase();
  return secrets.flatMap((secret, at) => [
    ...(text.includes(secret) ? [`secret ${at} as it is`] : []),
    ...(lower.includes(Buffer.from(secret).toString('hex')) ? [`secret ${at} in hex`] : []),
    ...(text.includes(base64Core(secret)) ? [`secret ${at} in base64`] : []),
  ]);
}

/** Of a text that begins at a multiple of three bytes; its last characters depend on what follows. */
const base64Core = (secret: string): string =>
  Buffer.from(secret.slice(0, secret.length - (secret.length % 3))).toString('base64');
