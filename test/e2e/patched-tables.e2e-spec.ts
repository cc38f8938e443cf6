import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startTestApp, type TestApp } from '../support/app.js';
import { datasetsApi } from '../support/datasets.js';
import {
  compactsOf,
  patch,
  PatchedTable,
  random,
  randomEdit,
  randomRow,
  toCsv,
  toJsonLines,
  type PatchedRow,
} from '../support/patched-table.js';
import { expectProblem } from '../support/problems.js';
import { tablesApi, type QueryAnswer } from '../support/tables.js';

let app: TestApp;
let datasets: ReturnType<typeof datasetsApi>;
let tables: ReturnType<typeof tablesApi>;
let compacted: ReturnType<typeof compactsOf>;

beforeAll(async () => {
  app = await startTestApp({ WORKERS: '1' });
  datasets = datasetsApi(app);
  tables = tablesApi(app);
  compacted = compactsOf(app);
}, 120_000);
afterAll(async () => {
  await app.stop();
});

const rowsOf = async (id: string, path: string, query = {}): Promise<unknown[]> =>
  (await tables.rows(id, { path, ...query })).items.map(({ row }) => row);
const exported = async (id: string, path: string, format: string): Promise<Response> =>
  await tables.get(id, 'export', { path, format });

/** The same rows as Parquet, made by the service. */
async function toParquet(rows: readonly PatchedRow[]): Promise<Uint8Array> {
  const id = await tables.dataset({ 'a.jsonl': toJsonLines(rows) });
  return new Uint8Array(await (await exported(id, 'a.jsonl', 'parquet')).arrayBuffer());
}

/** All that can be read of the table, against the same table in memory. */
async function expectSame(id: string, path: string, table: PatchedTable): Promise<void> {
  const paged: unknown[] = [];
  const indexes: number[] = [];
  let cursor: string | null = '';
  while (cursor !== null) {
    const page = await tables.rows(id, { path, limit: '7', ...(cursor && { cursor }) });
    paged.push(...page.items.map(({ row }) => row));
    indexes.push(...page.items.map(({ rowIndex }) => rowIndex));
    cursor = page.nextCursor;
  }
  expect(paged).toEqual(table.rows);
  expect(indexes).toEqual([...new Set(indexes)].sort((a, b) => a - b));
  const cheap = table.rows.filter(({ price }) => price !== null && price < 100);
  const byDay = cheap.toSorted((a, b) =>
    (a.day ?? '~') < (b.day ?? '~') ? -1 : Number(a.day !== b.day),
  );
  expect(await rowsOf(id, path, { where: 'price < 100', limit: '1000' })).toEqual(cheap);
  expect(await rowsOf(id, path, { where: 'price < 100', orderBy: 'day', limit: '1000' })).toEqual(
    byDay,
  );
  const { rowCount } = (await (await tables.get(id, 'statistics', { path })).json()) as never;
  expect(rowCount).toBe(table.rows.length);
  const sql = `SELECT count(*) AS n, sum(price) AS total FROM "${path}"`;
  const answer = (await (await tables.query(id, sql)).json()) as QueryAnswer;
  expect(answer.rows).toEqual([
    { n: table.rows.length, total: table.rows.reduce((sum, { price }) => sum + (price ?? 0), 0) },
  ]);
  const lines = (await (await exported(id, path, 'json')).text()).trim().split('\n');
  expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual(table.rows);
}

describe('patches of rows', () => {
  it.each([
    ['csv', 17],
    ['parquet', 4],
    ['jsonl', 4],
  ])(
    'make the same table of %s as in memory, also %i of them, and compacted',
    async (format, count) => {
      const next = random(format.length * 7919);
      const table = new PatchedTable(Array.from({ length: 40 }, (_, id) => randomRow(next, id)));
      const content =
        format === 'parquet'
          ? await toParquet(table.rows)
          : (format === 'csv' ? toCsv : toJsonLines)(table.rows);
      const path = `data/t.${format}`;
      const id = await tables.dataset({ [path]: content });
      for (let n = 1; n <= count; n += 1) {
        const edit = randomEdit(next, 60);
        table.apply(edit);
        await datasets.commit(id, [patch(path, edit)]);
        // Its old bytes are never taken for it.
        if (n === 1)
          await expectProblem(await datasets.content(id, 'latest', path), 409, 'file-patched');
        if (n === 4) await expectSame(id, path, table);
      }
      // One patch is what seventeen came to.
      const patches = { count: count > 16 ? 1 : count, key: ['id'] };
      const [file] = await datasets.files(id, 'latest', `prefix=${path}`);
      expect(file?.['patches']).toMatchObject(patches);
      if (count > 4) await expectSame(id, path, table);
      const done = await compacted(id, path);
      await expectSame(id, path, table);
      const served = await datasets.content(id, 'latest', path);
      const output = await app.fetch(`/v1/files/${done.outputs[0]?.fileId}/content`);
      const plain = new Uint8Array(await served.arrayBuffer());
      expect(plain).toEqual(new Uint8Array(await output.arrayBuffer()));
      await expectSame(await tables.dataset({ [path]: plain }), path, table);
    },
    120_000,
  );
});
