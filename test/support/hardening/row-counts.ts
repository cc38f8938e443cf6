import { setTimeout as delay } from 'node:timers/promises';
import type { TestDatabase } from '../database.js';

/** Tables that work in the background changes by itself, some time after the request. */
const BACKGROUND = /^(dataset_search|search_\w+|audit_\w+|layers|layer_entries|version_layers)$/;

export type RowCounts = Record<string, number>;

/** Results of reading are kept, which changes nothing that anybody sees. */
const BESIDE: Record<string, string> = {
  'public.derived_results': 'WHERE false',
  // Some time after the answer that they are of, so a write may be under way.
  'public.storage_intents': `WHERE kind <> 'write' OR lease_until < now()`,
  'public.file_references': `WHERE owner_type <> 'derived'`,
  'public.files': `f WHERE NOT EXISTS (
     SELECT FROM file_references r WHERE r.file_id = f.id AND r.owner_type = 'derived')`,
};

/** Rows of every table; a table more or less shows as well. */
export async function rowCounts(database: TestDatabase): Promise<RowCounts> {
  const tables = await database.query<{ name: string }>(
    `SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables
     WHERE schemaname NOT IN ('pg_catalog', 'information_schema') ORDER BY 1`,
  );
  const counted = tables.map(
    ({ name }) =>
      `SELECT '${name.replaceAll("'", "''")}' AS name, count(*)::int FROM ${name} ${BESIDE[name] ?? ''}`,
  );
  const rows = await database.query<{ name: string; count: number }>(counted.join(' UNION ALL '));
  return Object.fromEntries(
    rows
      .filter(({ name }) => !BACKGROUND.test(name.replace(/^public\./, '')))
      .map(({ name, count }) => [name, count]),
  );
}

/** The same as soon as it no longer changes. */
export async function settledRowCounts(database: TestDatabase): Promise<RowCounts> {
  let counts = await rowCounts(database);
  for (;;) {
    await delay(30);
    const again = await rowCounts(database);
    if (JSON.stringify(again) === JSON.stringify(counts)) return counts;
    counts = again;
  }
}
