import { randomUUID } from 'node:crypto';
import pg from 'pg';

export interface TestDatabase {
  url: string;
  /** Rows of a statement, on a connection of the test's own. */
  query<T = Record<string, unknown>>(sql: string, values?: unknown[]): Promise<T[]>;
  drop(): Promise<void>;
}

/** The PostgreSQL that `scripts/jest.mjs` has started for this run. */
function serverUrl(): URL {
  const url = process.env['STRATUM_TEST_POSTGRES'];
  if (!url) throw new Error('Run the tests by `npm test`: it starts their PostgreSQL.');
  return new URL(url);
}

const newName = (): string => `test_${randomUUID().replaceAll('-', '')}`;

/** A database of its own, its schema up to date, or empty. */
export async function createTestDatabase({ empty = false } = {}): Promise<TestDatabase> {
  const name = newName();
  await onServer(`CREATE DATABASE ${name} TEMPLATE ${empty ? 'template0' : 'migrated'}`);
  return databaseOf(name);
}

/** A database as another one is now. Ends all sessions of that one. */
export async function copyOf({ url }: TestDatabase): Promise<TestDatabase> {
  const source = new URL(url).pathname.slice(1);
  const name = newName();
  await onServer(`ALTER DATABASE ${source} ALLOW_CONNECTIONS false`);
  await onServer(`SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity
                  WHERE datname = '${source}'`);
  await onServer(`CREATE DATABASE ${name} TEMPLATE ${source}`);
  await onServer(`ALTER DATABASE ${source} ALLOW_CONNECTIONS true`);
  return databaseOf(name);
}

function databaseOf(name: string): TestDatabase {
  const url = serverUrl();
  url.pathname = `/${name}`;
  const pool = new pg.Pool({ connectionString: url.href, max: 3 });
  // A test may kill every session of its database, this one's too.
  pool.on('error', () => undefined);
  return {
    url: url.href,
    query: async <T>(sql: string, values?: unknown[]) =>
      (await pool.query(sql, values)).rows as T[],
    drop: async () => {
      await pool.end();
      await onServer(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
    },
  };
}

/** A statement on the server of this run, not in a database of a test. */
export async function onServer(sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: serverUrl().href });
  await client.connect();
  await client.query(sql);
  await client.end();
}
