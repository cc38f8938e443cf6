import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { UnitOfWork } from '../../src/core/database/index.js';
import { Releaser } from '../../src/datasets/deletion/releaser.service.js';
import { ComponentUsesRepository, parseOverlay } from '../../src/datasets/index.js';
import type { OverlayPatches } from '../../src/datasets/versions/read-overlay.js';
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

describe('patches over a table much larger than they are', () => {
  it('are read page by page in its order, also when it is known at which rows they are', async () => {
    const next = random(42);
    // Of a size that is worth it to remember where patches are.
    const name = (): string => Array.from({ length: 8 }, () => next(2 ** 30).toString(36)).join('');
    const rows = Array.from({ length: 40_000 }, (_, id) => ({
      ...randomRow(next, id),
      name: name(),
    }));
    const table = new PatchedTable(rows);
    const path = 'large.parquet';
    const id = await tables.dataset({ [path]: await toParquet(rows) });
    const places = new Map(rows.map((row, place) => [row.id, place]));
    for (let n = 0; n < 3; n += 1) {
      const edit = {
        upserts: Array.from({ length: 200 }, (_, i) => ({ id: i * 205 + n, price: n })),
        deletes: Array.from({ length: 90 }, (_, i) => ({ id: i * 410 + 100 + n })),
      };
      for (const { id: at } of edit.deletes) places.delete(at);
      for (const { id: at } of edit.upserts) if (!places.has(at)) places.set(at, -1);
      table.apply(edit);
      await datasets.commit(id, [patch(path, edit)]);
    }
    const expectPages = async (): Promise<void> => {
      for (const offset of [0, 1, 399, 20_000, 39_950]) {
        const page = await tables.rows(id, { path, offset: String(offset), limit: '60' });
        const from = table.rows.findIndex((row) => (places.get(row.id) ?? -1) >= offset);
        expect(page.items.map(({ row }) => row)).toEqual(table.rows.slice(from, from + 60));
        expect(page.rowCount).toEqual({ value: table.rows.length, kind: 'exact' });
      }
    };
    const placed = async (): Promise<unknown[]> =>
      await app.database.query("SELECT 1 FROM derived_results WHERE kind = 'patch-places'");
    expect(await placed()).toEqual([]);
    await expectPages();
    for (const end = Date.now() + 30_000; (await placed()).length === 0; await delay(50)) {
      if (Date.now() > end) throw new Error('It is not found out where the patches are.');
    }
    await expectPages();
    const lines = (await (await exported(id, path, 'json')).text()).trim().split('\n');
    expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual(table.rows);
  }, 120_000);
});

describe('patches in the store', () => {
  it('are kept as long as a version shows them, and counted with it', async () => {
    const rows = Array.from({ length: 9 }, (_, id) => randomRow(random(id), id));
    const id = await tables.dataset({ 'a.csv': toCsv(rows) });
    const { overlayFileId } = await datasets
      .commit(id, [patch('a.csv', { deletes: [{ id: 1 }] })])
      .then(async () => await datasets.commit(id, [patch('a.csv', { deletes: [{ id: 2 }] })]));
    const overlay = parseOverlay(
      await (await app.fetch(`/v1/files/${overlayFileId}/content`)).text(),
    );
    const change = overlay?.changes[0] as { patches: OverlayPatches };
    expect(change).toMatchObject({ op: 'put', path: 'a.csv', patches: { key: ['id'] } });
    const [first, second] = await Promise.all(
      change.patches.chain.map(async ({ contentHash }) => {
        const { items } = await app.json<{ items: { id: number }[] }>(
          200,
          `/v1/files?contentHash=${contentHash}`,
        );
        return items[0]?.id as number;
      }),
    );
    const references = async (): Promise<number[]> =>
      (
        await app.database.query<{ reference_count: string }>(
          'SELECT reference_count FROM files WHERE id = ANY($1) ORDER BY id',
          [[first, second]],
        )
      ).map(({ reference_count }) => Number(reference_count));
    expect(await references()).toEqual([2, 1]);
    expect(await countsOf(id)).toEqual({ counted: true });
    expect(await unheld()).toEqual([]);
    await app.database.query(
      `UPDATE components SET patch_reference_ids = patch_reference_ids[1:1] || 1000000
       WHERE dataset_id = $1 AND jsonb_array_length(patches->'chain') = 2`,
      [id],
    );
    expect(await unheld()).toMatchObject([{ fileId: second, what: expect.stringContaining(id) }]);
    await app.database.query(
      `UPDATE components SET patch_reference_ids[2] = (
         SELECT id FROM file_references WHERE file_id = $2 AND owner_id = $1::text)
       WHERE dataset_id = $1 AND jsonb_array_length(patches->'chain') = 2`,
      [id, second],
    );
    expect(await usesOf(first as number)).toHaveLength(2);
    await app.fetch(`/v1/datasets/${id}/versions/2`, { method: 'DELETE' });
    await app.app.get(Releaser).release();
    expect(await references()).toEqual([1, 1]);
    expect(await countsOf(id)).toEqual({ counted: true });
    expect((await tables.rows(id, { path: 'a.csv' })).items).toHaveLength(7);
    await app.fetch(`/v1/datasets/${id}`, { method: 'DELETE' });
    await app.database.query(
      "UPDATE datasets SET deleted_at = now() - interval '8 days' WHERE id = $1",
      [id],
    );
    await app.app.get(Releaser).release();
    expect(await references()).toEqual([0, 0]);
  });
});

const uses = (): ComponentUsesRepository => app.app.get(ComponentUsesRepository, { strict: false });
const unheld = async (): Promise<unknown[]> =>
  await app.app
    .get(UnitOfWork)
    .run(async (tx) => (await uses().unheldAfter(tx, null, 1000)).unheld);
const usesOf = async (fileId: number): Promise<string[]> =>
  await app.app.get(UnitOfWork).run(async (tx) => await uses().usesOf(tx, fileId, 10));

/** Whether the dataset counts the bytes of its live components with their patches. */
const countsOf = async (id: string): Promise<unknown> =>
  (
    await app.database.query(
      `SELECT logical_bytes = (
         SELECT sum(size_bytes + coalesce((
           SELECT sum((p->>'size')::bigint) FROM jsonb_array_elements(patches->'chain') p), 0))
         FROM components WHERE dataset_id = $1 AND released_at IS NULL) AS counted
       FROM datasets WHERE id = $1`,
      [id],
    )
  )[0];
