import pg from 'pg';

/** Lets `use` have a connection to the database. Resolves with what it gives back. */
export async function withDatabase(url, use) {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return await use(client);
  } finally {
    await client.end();
  }
}

/**
 * Writes rows as superuser without the triggers that look foreign keys up one by one: they hold,
 * and a million of them take minutes. Then the tables are as they are when nothing has happened for
 * a while.
 */
export async function seeded(url, write) {
  return await withDatabase(url, async (client) => {
    await client.query('BEGIN');
    await client.query('SET LOCAL session_replication_role = replica');
    const result = await write(client);
    await client.query('COMMIT');
    await client.query('VACUUM ANALYZE');
    await client.query('CHECKPOINT');
    return result;
  });
}
