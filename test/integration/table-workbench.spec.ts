import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { TableSources, TableWorkbench, type Workbench } from '../../src/tabular/index.js';
import {
  VERSION_FILES,
  type IVersionFiles,
} from '../../src/core/contracts/version-files.contract.js';
import { UnreadableTableError } from '../../src/tabular/tabular.errors.js';
import { startTestApp, type TestApp } from '../support/app.js';
import { principal } from '../support/principals.js';
import { tablesApi } from '../support/tables.js';

/** Numbers for as far as anyone looks, and a text after them. */
const LATE = Array.from({ length: 200_000 }, (_, n) => `${n},${n === 150_000 ? 'odd' : n}`);
const WITH_LATE_TEXT = `id,value\n${LATE.join('\n')}\n`;

let app: TestApp;
beforeAll(async () => {
  app = await startTestApp();
});
afterAll(() => app.stop());

const soon = (): Date => new Date(Date.now() + 60_000);

async function onTables<T>(
  files: Record<string, string>,
  paths: readonly string[],
  work: (bench: Workbench) => Promise<T>,
): Promise<T> {
  const datasetId = await tablesApi(app).dataset(files);
  const caller = principal({ isAdmin: true });
  const versions = app.app.get<IVersionFiles>(VERSION_FILES, { strict: false });
  const sources = app.app.get(TableSources, { strict: false });
  const tables = await Promise.all(
    paths.map(async (path, place) => ({
      name: `t${place}`,
      files: await sources.pinned(await versions.pin(caller, { datasetId, path })),
    })),
  );
  const options = { callerId: caller.id, tables, deadline: soon() };
  return await app.app.get(TableWorkbench, { strict: false }).session(options, work);
}

it('has tables by their names, values bound, temporary tables, and writes while it is read', async () => {
  const files = { 'a.csv': 'id,name\n1,x\n2,y\n', 'b.csv': 'id,age\n2,7\n' };
  const done = await onTables(files, ['a.csv', 'b.csv'], async (bench) => {
    await bench.run('CREATE TEMP TABLE joined AS SELECT * FROM t0 JOIN t1 USING (id)');
    const how = {
      format: 'csv' as const,
      options: { compression: 'snappy', guardFormulas: false },
      parameters: ['!'],
    };
    return {
      rows: await bench.rows('SELECT * FROM joined WHERE id = $1', [2]),
      places: await bench.rows('SELECT __file, __row, name FROM "t0 rows"'),
      written: await bench.write('SELECT *, $1 AS mark FROM joined', how, text),
      columns: bench.tables.map((table) => table.columns.map(({ name }) => name)),
    };
  });
  expect(done).toEqual({
    rows: [[2, 'y', 7]],
    places: [
      [0, 0, 'x'],
      [0, 1, 'y'],
    ],
    written: { kept: 'id,name,age,mark\n2,y,7,!\n', rows: 1 },
    columns: [
      ['id', 'name'],
      ['id', 'age'],
    ],
  });
});

it('reads a folder as one table', async () => {
  const files = { 'f/a.csv': 'id\n1\n', 'f/b.csv': 'id\n2.5\n' };
  const rows = await onTables(files, ['f/'], async (bench) => {
    return await bench.rows('SELECT __file, __row, id FROM "t0 rows" ORDER BY ALL');
  });
  expect(rows).toEqual([
    [0, 0, 1],
    [1, 0, 2.5],
  ]);
});

it('begins again when a table turns out to be another one than its beginning says', async () => {
  let begun = 0;
  const files = { 'late.csv': WITH_LATE_TEXT };
  const written = await onTables(files, ['late.csv'], async (bench) => {
    begun += 1;
    await bench.run('CREATE TEMP TABLE kept AS SELECT 1');
    const how = { format: 'csv' as const, options: { compression: '', guardFormulas: false } };
    return await bench.write('SELECT * FROM t0', how, text);
  });
  expect(written).toEqual({ kept: WITH_LATE_TEXT, rows: LATE.length });
  expect(begun).toBe(2);
});

it('fails as the table does', async () => {
  const files = { 'bad.parquet': 'PAR1 and nothing else PAR1' };
  const reading = onTables(files, ['bad.parquet'], async (bench) => await bench.rows('FROM t0'));
  await expect(reading).rejects.toThrow(UnreadableTableError);
});
