import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startTestApp, type TestApp } from '../support/app.js';
import { datasetsApi } from '../support/datasets.js';
import { expectProblem } from '../support/problems.js';
import { tablesApi, type RowsPage } from '../support/tables.js';
import { DAYS, WEATHER } from '../support/weather.js';

const DATA = 'node_modules/vega-datasets/data';

let app: TestApp;
let tables: ReturnType<typeof tablesApi>;
let dataset: string;

beforeAll(async () => {
  app = await startTestApp();
  tables = tablesApi(app);
  dataset = await tables.dataset({
    'weather.csv': WEATHER,
    'cars.json': readFileSync(`${DATA}/cars.json`),
    'flights.parquet': readFileSync(`${DATA}/flights-3m.parquet`),
    'notes.bin': Buffer.from([0x89, 0x50, 0x4e, 0x47, 0, 1, 2, 3]),
    'years/2012.csv': 'day,v\n1,10\n2,20\n',
    'years/2013.csv': 'day,v\n3,30\n',
    'years/other.csv': 'name,colour\nada,red\n',
  });
}, 120_000);
afterAll(async () => {
  await app.stop();
});

describe('rows of a version', () => {
  it('are those of the file, in its order', async () => {
    const page = await tables.rows(dataset, { path: 'weather.csv', limit: '1000' });
    expect(page.items.map(({ row }) => row)).toEqual(DAYS.slice(0, 1000));
    expect(page.items.map(({ rowIndex }) => rowIndex)).toEqual([...Array(1000).keys()]);
    const rest = await tables.rows(dataset, {
      path: 'weather.csv',
      limit: '1000',
      cursor: page.nextCursor ?? '',
    });
    expect(rest.items.map(({ row }) => row)).toEqual(DAYS.slice(1000));
    expect(rest.nextCursor).toBeNull();
  });

  it('are filtered, chosen and ordered, with their places in the file', async () => {
    const wanted = DAYS.map((row, rowIndex) => ({ rowIndex, row }))
      .filter(({ row }) => row.temp_max > 30 && row.weather === 'sun')
      .sort((a, b) => b.row.temp_max - a.row.temp_max || a.rowIndex - b.rowIndex)
      .map(({ rowIndex, row }) => ({ rowIndex, date: row.date, temp_max: row.temp_max }));
    const found: unknown[] = [];
    let cursor: string | null = null;
    do {
      const page: RowsPage = await tables.rows(dataset, {
        path: 'weather.csv',
        where: "temp_max > 30 and weather = 'sun'",
        orderBy: 'temp_max desc',
        columns: 'date, temp_max',
        limit: '7',
        ...(cursor !== null && { cursor }),
      });
      if (cursor === null) expect(page.rowCount).toEqual({ value: wanted.length, kind: 'exact' });
      found.push(...page.items.map(({ rowIndex, row }) => ({ rowIndex, ...row })));
      cursor = page.nextCursor;
    } while (cursor !== null);
    expect(found).toEqual(wanted);
  });

  it('begin anywhere', async () => {
    const { items } = await tables.rows(dataset, {
      path: 'flights.parquet',
      offset: '2999990',
      limit: '100',
    });
    expect(items.map(({ rowIndex }) => rowIndex)).toEqual(
      Array.from({ length: 10 }, (_, place) => 2_999_990 + place),
    );
  });

  it('are found by words', async () => {
    const { items, rowCount } = await tables.rows(dataset, {
      path: 'weather.csv',
      q: 'DRIZZLE',
      limit: '1',
    });
    const drizzle = DAYS.filter(({ weather }) => weather === 'drizzle');
    expect([items[0]?.row, rowCount?.value]).toEqual([drizzle[0], drizzle.length]);
  });

  it('stay those of the version that the first page was of', async () => {
    const id = await tables.dataset({ 'a.csv': 'v\n1\n2\n3\n' });
    const first = await tables.rows(id, { path: 'a.csv', limit: '2' });
    const fileId = await datasetsApi(app).upload('v\n7\n8\n9\n');
    await datasetsApi(app).commit(id, [{ op: 'put', path: 'a.csv', fileId }]);
    const second = await tables.rows(id, {
      path: 'a.csv',
      limit: '2',
      cursor: first.nextCursor ?? '',
    });
    expect(second.items.map(({ row }) => row)).toEqual([{ v: 3 }]);
    expect((await tables.rows(id, { path: 'a.csv' })).items[0]?.row).toEqual({ v: 7 });
    expect((await tables.rows(id, { path: 'a.csv' }, '1')).items[0]?.row).toEqual({ v: 1 });
  });

  it('keep big integers, NaN and long cells apart from what JSON makes of them', async () => {
    const long = 'x'.repeat(20_000);
    const id = await tables.dataset({ 'a.csv': `n,t\n9223372036854775807,${long}\n12,short\n` });
    const { items } = await tables.rows(id, { path: 'a.csv', cellLimit: '100' });
    expect(items[0]?.row['n']).toBe('9223372036854775807');
    expect(items[0]?.truncatedCells).toEqual(['t']);
    expect(String(items[0]?.row['t']).length).toBeLessThanOrEqual(100);
    expect(items[1]).toEqual({ rowIndex: 1, row: { n: 12, t: 'short' }, truncatedCells: [] });
  });

  it('of a folder are one table, and a file of another schema is told of', async () => {
    const { items } = await tables.rows(dataset, { path: 'years/' });
    expect(items.map(({ path, rowIndex, row }) => [path, rowIndex, row])).toEqual([
      ['years/2012.csv', 0, { day: 1, v: 10 }],
      ['years/2012.csv', 1, { day: 2, v: 20 }],
      ['years/2013.csv', 0, { day: 3, v: 30 }],
    ]);
    const schema = await (await tables.get(dataset, 'schema', { path: 'years/' })).json();
    expect(schema).toMatchObject({
      drift: { files: 2, drifting: [{ path: 'years/other.csv', diff: { verdict: 'breaking' } }] },
    });
  });
});

describe('the schema', () => {
  it('tells columns and dialect, and reads as it is told', async () => {
    const id = await tables.dataset({ 'a.csv': 'Report of 2020\n\nx;y\n1,5;ä\n2,5;ö\n' });
    const found = await (await tables.get(id, 'schema', { path: 'a.csv' })).json();
    expect(found).toMatchObject({
      format: 'csv',
      columns: [
        { name: 'x', type: 'DOUBLE' },
        { name: 'y', type: 'VARCHAR' },
      ],
      options: { delimiter: ';', header: true },
    });
    const options = JSON.stringify({ delimiter: ',' });
    const told = await (await tables.get(id, 'schema', { path: 'a.csv', options })).json();
    expect(told).toMatchObject({ options: { delimiter: ',' } });
    const bad = JSON.stringify({ delimeter: ',' });
    await expectProblem(
      await tables.get(id, 'schema', { path: 'a.csv', options: bad }),
      400,
      'read-options-invalid',
    );
  });

  it('takes how a file is read from its metadata in the version', async () => {
    const fileId = await datasetsApi(app).upload('a|b;c\n1|2;3\n');
    const { id } = await datasetsApi(app).create({
      name: 'Told',
      files: [{ path: 'a.csv', fileId, metadata: { readOptions: { delimiter: '|' } } }],
    });
    const { columns } = await tables.rows(id, { path: 'a.csv' });
    expect(columns.map(({ name }) => name)).toEqual(['a', 'b;c']);
  });

  it('lists rows that can not be part of the table', async () => {
    const lines = Array.from({ length: 200 }, (_, place) => `${place},x`);
    lines[100] = '100,x,too,many';
    const id = await tables.dataset({ 'a.csv': `n,t\n${lines.join('\n')}\n` });
    const rejected = await (await tables.get(id, 'rejected-rows', { path: 'a.csv' })).json();
    expect(rejected).toMatchObject({ count: 1, items: [{ line: 102 }] });
  });

  it('is compared between versions', async () => {
    const id = await tables.dataset({ 'a.csv': 'n,t\n1,x\n' });
    const fileId = await datasetsApi(app).upload('n,t,more\n1.5,x,1\n');
    await datasetsApi(app).commit(id, [{ op: 'put', path: 'a.csv', fileId }]);
    const diff = await app.json(200, `/v1/datasets/${id}/diff/schema?base=1&head=2&path=a.csv`);
    expect(diff).toMatchObject({ added: [{ name: 'more' }], removed: [] });
    expect(diff['verdict']).not.toBe('identical');
  });
});

describe('what is no table, or asked wrongly', () => {
  it('is told so', async () => {
    const get = tables.get;
    await expectProblem(await get(dataset, 'rows', { path: 'notes.bin' }), 422, 'not-tabular');
    await expectProblem(await get(dataset, 'rows', { path: 'nowhere.csv' }), 404, 'path-not-found');
    const weather = { path: 'weather.csv' };
    await expectProblem(
      await get(dataset, 'rows', { ...weather, where: 'temp_max >' }),
      400,
      'filter-invalid',
    );
    await expectProblem(
      await get(dataset, 'rows', { ...weather, columns: 'colour' }),
      400,
      'column-unknown',
    );
    await expectProblem(
      await get(dataset, 'rows', { ...weather, cursor: 'x' }),
      400,
      'cursor-mismatch',
    );
    await expectProblem(
      await get(dataset, 'export', { ...weather, format: 'xml' }),
      400,
      'validation-failed',
    );
    const torn = Buffer.concat([Buffer.from('PAR1'), Buffer.alloc(100), Buffer.from('PAR1')]);
    const id = await tables.dataset({ 'torn.parquet': torn });
    await expectProblem(await get(id, 'rows', { path: 'torn.parquet' }), 422, 'table-unreadable');
  });
});
