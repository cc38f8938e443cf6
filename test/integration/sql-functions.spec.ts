import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { sqlTables } from '../../src/tabular/engine/child/tasks/sql-tables.task.js';
import { duckDbForTests, type DuckDbForTests } from '../support/duckdb.js';

let duckDb: DuckDbForTests;
beforeAll(async () => {
  duckDb = await duckDbForTests();
});
afterAll(async () => await duckDb.close());

async function namesOf(kinds: string): Promise<string[]> {
  const found = await duckDb.database.all(
    `SELECT DISTINCT function_name FROM duckdb_functions() WHERE function_type IN (${kinds}) ORDER BY 1`,
  );
  return found.map(([name]) => String(name));
}

async function refused(names: readonly string[], call: (name: string) => string) {
  const found: string[] = [];
  for (const name of names) {
    const { failure } = await sqlTables(duckDb as never, { sql: call(`"${name}"()`) });
    if (failure) found.push(name);
  }
  return found;
}

/** A later DuckDB has others: whoever raises its version looks at them and decides. */
describe('the functions of DuckDB', () => {
  it('that reach beyond their arguments are refused, and of the others each is known', async () => {
    const all = await namesOf("'scalar', 'macro', 'aggregate'");
    const out = await refused(all, (call) => `SELECT ${call}`);
    expect(out).toEqual(
      expect.arrayContaining([
        'current_setting',
        'getvariable',
        'sleep_ms',
        'write_log',
        'pg_sleep',
      ]),
    );
    const others = all.filter((name) => !out.includes(name));
    const digest = createHash('sha256').update(others.join('\n')).digest('hex').slice(0, 16);
    expect([out.length, others.length, digest]).toEqual([77, 736, 'f95da1916437249c']);
  });

  it('that make tables are refused, but for those that need nothing', async () => {
    const all = await namesOf("'table', 'table_macro', 'pragma'");
    const out = await refused(all, (call) => `FROM ${call}`);
    expect(all.filter((name) => !out.includes(name))).toEqual([
      'generate_series',
      'range',
      'repeat',
      'repeat_row',
      'unnest',
    ]);
  });
});
