import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { DuckDBInstance } from '@duckdb/node-api';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startTestApp, type TestApp } from '../support/app.js';
import { datasetsApi } from '../support/datasets.js';
import {
  csvOf,
  editedTables,
  jsonLinesOf,
  selectOf,
  type Edit,
  type Row,
} from '../support/edited-tables.js';
import { expectProblem } from '../support/problems.js';
import { tablesApi } from '../support/tables.js';

interface ChangedRow {
  change: Edit['change'];
  key: Record<string, unknown> | null;
  row: Row | null;
  cells: { column: string; before: unknown; after: unknown }[] | null;
  rows: number;
}

interface Diff {
  key: string[] | null;
  counts: Record<string, number>;
  rows: { base: number; head: number };
  columns: Record<string, unknown>;
  items: ChangedRow[];
  nextCursor: string | null;
}

let app: TestApp;
beforeAll(async () => {
  app = await startTestApp({ WORKERS: '1' });
});
afterAll(() => app.stop());

const headers = { Prefer: 'wait=60' };
const pathOf = (dataset: string, query: Record<string, string>): string =>
  `/v1/datasets/${dataset}/diff/rows?${new URLSearchParams(query).toString()}`;
const get = async (dataset: string, query: Record<string, string>): Promise<Response> =>
  await app.fetch(pathOf(dataset, query), { headers });
const diff = async (dataset: string, query: Record<string, string>): Promise<Diff> =>
  await app.json<Diff>(200, pathOf(dataset, { base: '1', head: '2', ...query }), { headers });

type Content = string | Uint8Array;

/** A dataset with these files, and a version with those in their place. */
async function twoVersions(
  before: Record<string, Content>,
  after: Record<string, Content>,
): Promise<string> {
  const datasets = datasetsApi(app);
  const id = await tablesApi(app).dataset(before);
  const changes = [];
  for (const [path, content] of Object.entries(after)) {
    changes.push({ op: 'put', path, fileId: await datasets.upload(content, path) });
  }
  await datasets.commit(id, changes);
  return id;
}

async function parquetOf(rows: readonly Row[]): Promise<Uint8Array> {
  const folder = await mkdtemp(join(tmpdir(), 'stratum-diff-'));
  const instance = await DuckDBInstance.create(':memory:');
  try {
    const connection = await instance.connect();
    const path = join(folder, 'rows.parquet');
    await connection.run(`COPY (${selectOf(rows)}) TO '${path}'`);
    connection.closeSync();
    return await readFile(path);
  } finally {
    instance.closeSync();
    await rm(folder, { recursive: true });
  }
}

const toEdit = ({ change, key, row, cells }: ChangedRow): unknown => ({
  change,
  id: key?.['id'],
  ...(row && { row }),
  ...(cells && {
    cells: Object.fromEntries(
      cells.map(({ column, before, after }) => [column, { before, after }]),
    ),
  }),
});

async function allPages(dataset: string, query: Record<string, string>): Promise<ChangedRow[]> {
  const items: ChangedRow[] = [];
  let cursor: string | null = '';
  while (cursor !== null) {
    const page: Diff = await diff(dataset, { ...query, ...(cursor !== '' && { cursor }) });
    items.push(...page.items);
    cursor = page.nextCursor;
  }
  return items;
}

describe('The rows that differ between two versions', () => {
  const { base, head, edits } = editedTables(11);

  it.each<[string, (rows: readonly Row[]) => Content | Promise<Content>]>([
    ['csv', csvOf],
    ['parquet', parquetOf],
    ['jsonl', jsonLinesOf],
  ])(
    'of %s are the edits that were made, counted first, in pages',
    async (extension, contentOf) => {
      const path = `data.${extension}`;
      const id = await twoVersions(
        { [path]: await contentOf(base) },
        { [path]: await contentOf(head) },
      );
      const query = { path, key: 'id' };
      const first = await diff(id, { ...query, limit: '30' });
      const of = (change: string): number => edits.filter((edit) => edit.change === change).length;
      expect(first.counts).toEqual({
        inserted: of('inserted'),
        updated: of('updated'),
        deleted: of('deleted'),
        unchanged: base.length - of('updated') - of('deleted'),
      });
      expect(first).toMatchObject({ key: ['id'], rows: { base: base.length, head: head.length } });
      const all = await allPages(id, { ...query, limit: '30' });
      expect(all.map(toEdit)).toEqual(edits);
      for (const change of ['inserted', 'updated', 'deleted']) {
        const some = await allPages(id, { ...query, change, limit: '20' });
        expect(some).toEqual(all.filter((item) => item.change === change));
      }
    },
  );

  it('stay those of the versions that the first page was of', async () => {
    const id = await twoVersions({ 'a.csv': 'id,v\n1,1\n2,2\n' }, { 'a.csv': 'id,v\n1,2\n2,3\n' });
    const query = { path: 'a.csv', key: 'id', head: 'latest', limit: '1' };
    const first = await diff(id, query);
    const fileId = await datasetsApi(app).upload('id,v\n1,1\n2,2\n');
    await datasetsApi(app).commit(id, [{ op: 'put', path: 'a.csv', fileId }]);
    const second = await diff(id, { ...query, cursor: first.nextCursor ?? '' });
    expect(second.items.map(toEdit)).toEqual([
      { change: 'updated', id: 2, cells: { v: { before: 2, after: 3 } } },
    ]);
    expect((await diff(id, query)).counts).toMatchObject({ unchanged: 2, updated: 0 });
    const other = { ...query, base: '1', key: 'v', cursor: first.nextCursor ?? '' };
    await expectProblem(await get(id, other), 400, 'cursor-mismatch');
  });

  it('are found after a move, a rename of columns, and within a tolerance', async () => {
    const id = await twoVersions(
      { 'old.csv': 'id;temp\n1;1.5\n2;2.5\n' },
      { 'new.csv': 'id;temp_max\n1;1.5001\n2;3.5\n' },
    );
    const query = { path: 'old.csv', headPath: 'new.csv', key: 'id' };
    expect(await diff(id, query)).toMatchObject({
      counts: { updated: 0 },
      columns: { added: [{ name: 'temp_max' }], removed: [{ name: 'temp' }] },
    });
    const renamed = await diff(id, { ...query, rename: 'temp:"temp_max"' });
    expect(renamed.counts).toMatchObject({ updated: 2 });
    const near = await diff(id, { ...query, rename: 'temp:temp_max', tolerance: '1e-3' });
    expect(near.items.map(toEdit)).toEqual([
      { change: 'updated', id: 2, cells: { temp_max: { before: 2.5, after: 3.5 } } },
    ]);
    const options = JSON.stringify({ delimiter: ',' });
    const wrongly = await diff(id, {
      ...query,
      options,
      key: '"id;temp_max"',
      rename: '"id;temp":"id;temp_max"',
    });
    expect(wrongly.counts).toMatchObject({ inserted: 2, deleted: 2 });
  });

  it('without a key are whole rows, with how many of them', async () => {
    const id = await twoVersions(
      { 'a.csv': 'id,v\n1,x\n1,x\n1,x\n2,y\n' },
      { 'a.csv': 'id,v\n1,x\n2,z\n' },
    );
    const { key, counts, items } = await diff(id, { path: 'a.csv' });
    expect([key, counts]).toEqual([null, { inserted: 1, updated: 0, deleted: 3, unchanged: 1 }]);
    expect(items.map(({ change, row, rows }) => [change, row, rows])).toEqual([
      ['deleted', { id: 1, v: 'x' }, 2],
      ['deleted', { id: 2, v: 'y' }, 1],
      ['inserted', { id: 2, v: 'z' }, 1],
    ]);
  });

  it('go on as a job where they take longer than the caller waits', async () => {
    const id = await twoVersions({ 'a.csv': 'id\n1\n' }, { 'a.csv': 'id\n2\n' });
    const path = pathOf(id, { base: '1', head: '2', path: 'a.csv', key: 'id' });
    const accepted = await app.fetch(path, { headers: { Prefer: 'wait=0' } });
    expect(accepted.status).toBe(202);
    expect(accepted.headers.get('location')).toMatch(/^\/v1\/jobs\//);
    expect(await app.json(200, path, { headers })).toMatchObject({ counts: { inserted: 1 } });
  });
});

describe('What can not be compared', () => {
  it('is told, with the side that is to blame', async () => {
    const id = await twoVersions(
      { 'a.csv': 'id,v\n1,1\n1,2\n', 'gone.csv': 'id\n1\n', 'b.bin': Buffer.from([0, 1, 2, 3]) },
      { 'a.csv': 'id,v\n1,1\n2,2\n', 'new.csv': 'id\n1\n' },
    );
    await datasetsApi(app).commit(id, [{ op: 'delete', path: 'gone.csv' }]);
    const refused = async (
      query: Record<string, string>,
      status: number,
      code: string,
    ): Promise<object> =>
      await expectProblem(
        await get(id, { base: '1', head: 'latest', path: 'a.csv', ...query }),
        status,
        code,
      );
    const notUnique = await refused({ key: 'id' }, 422, 'key-not-unique');
    expect(notUnique).toMatchObject({
      key: ['id'],
      base: {
        nullRows: 0,
        duplicates: 1,
        duplicateRows: 2,
        examples: [{ key: { id: 1 }, rows: 2 }],
      },
    });
    expect(notUnique).not.toHaveProperty('head');
    const inserted = await refused({ path: 'new.csv' }, 404, 'path-not-found');
    const inBase = 'There is no file at new.csv in the base, version 1.';
    expect(inserted).toMatchObject({ detail: inBase });
    const deleted = await refused({ path: 'gone.csv' }, 404, 'path-not-found');
    const inHead = 'There is no file at gone.csv in the head, version latest.';
    expect(deleted).toMatchObject({ detail: inHead });
    await refused({ path: 'b.bin' }, 422, 'not-tabular');
    await refused({ key: 'nowhere' }, 400, 'column-unknown');
    await refused({ key: '' }, 400, 'filter-invalid');
    await refused({ key: 'v', ignore: 'v' }, 400, 'diff-invalid');
    await refused({ key: 'v', rename: 'id:v' }, 400, 'diff-invalid');
    await refused({ key: 'v', rename: 'id' }, 400, 'validation-failed');
    for (const tolerance of ['-1', 'NaN', 'Infinity', '1e999', '0x10', '']) {
      await refused({ key: 'v', tolerance }, 400, 'validation-failed');
      await refused({ key: 'v', relativeTolerance: tolerance }, 400, 'validation-failed');
    }
    await refused({ tolerance: '1' }, 400, 'diff-invalid');
    await refused({ change: 'moved' }, 400, 'validation-failed');
    await refused({ base: '9' }, 404, 'version-not-found');
  });
});
