import { DataSource } from 'typeorm';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { dataSourceOptions } from '../../src/core/database/index.js';
import { MIGRATIONS } from '../../src/migrations/index.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { filesOf } from './repository.js';

/** Everything that a migration can leave in the schema, as PostgreSQL itself describes it. */
const SCHEMA = `
  SELECT 'column' AS kind, format('%s.%s', c.relname, a.attname) AS name,
         format('%s%s %s', format_type(a.atttypid, a.atttypmod),
                CASE WHEN a.attnotnull THEN ' NOT NULL' END, pg_get_expr(d.adbin, d.adrelid)) AS definition
    FROM pg_attribute a
    JOIN pg_class c ON c.oid = a.attrelid AND c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace
    LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
   WHERE a.attnum > 0 AND NOT a.attisdropped
  UNION ALL
  SELECT 'constraint', conname, pg_get_constraintdef(oid)
    FROM pg_constraint WHERE connamespace = 'public'::regnamespace
  UNION ALL
  SELECT 'index', indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'
  UNION ALL
  SELECT 'relation', relname, relkind::text
    FROM pg_class WHERE relnamespace = 'public'::regnamespace
  UNION ALL
  SELECT 'function', proname, pg_get_functiondef(oid)
    FROM pg_proc WHERE pronamespace = 'public'::regnamespace AND prokind = 'f'
  UNION ALL
  SELECT 'trigger', tgname, pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal
  UNION ALL
  SELECT 'type', typname, typtype::text
    FROM pg_type WHERE typnamespace = 'public'::regnamespace AND typtype IN ('e', 'd')
  ORDER BY 1, 2, 3`;

/** The table that lists the migrations which were run. */
const OF_TYPEORM = /^(?:migrations\b|migrations_|PK_)/;

interface SchemaObject {
  kind: string;
  name: string;
  definition: string;
}

describe('The migrations', () => {
  let database: TestDatabase;
  let dataSource: DataSource;

  beforeAll(async () => {
    database = await createTestDatabase({ empty: true });
    dataSource = new DataSource({
      ...dataSourceOptions({ address: { url: database.url }, poolSize: 2, timeouts: false }),
      migrations: MIGRATIONS,
    });
    await dataSource.initialize();
  });

  afterAll(async () => {
    await dataSource.destroy();
    await database.drop();
  });

  const schema = (): Promise<SchemaObject[]> => database.query<SchemaObject>(SCHEMA);

  it('go up, down to nothing, and up to the same schema', async () => {
    expect(await schema()).toEqual([]);
    await dataSource.runMigrations();
    const up = await schema();
    expect(up.filter(({ kind }) => kind === 'column').length).toBeGreaterThan(30);
    for (let left = MIGRATIONS.length; left > 0; left -= 1) await dataSource.undoLastMigration();
    // TypeORM keeps its own table, and empties it.
    expect((await schema()).filter(({ name }) => !OF_TYPEORM.test(name))).toEqual([]);
    expect(await database.query('SELECT * FROM migrations')).toEqual([]);
    await dataSource.runMigrations();
    expect(await schema()).toEqual(up);
  });

  it('are all named in src/migrations/index.ts, oldest first', async () => {
    const files = await filesOf('src/migrations/*-*.ts');
    const named = MIGRATIONS.map(({ name }) => name);
    const expected = files.map((file) => {
      const [, time, words] = /(\d+)-([\w-]+)\.ts$/.exec(file) ?? [];
      return `${words?.replace(/(?:^|-)(\w)/g, (_, letter: string) => letter.toUpperCase())}${time}`;
    });
    expect(named).toEqual(expected);
  });
});
