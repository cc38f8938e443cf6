import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { Engine } from '../../src/tabular/engine/engine.service.js';
import { startTestApp, type TestApp } from '../support/app.js';
import { datasetsApi } from '../support/datasets.js';
import { multisetDifference, type Row } from '../support/edited-tables.js';
import {
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
import { tablesApi } from '../support/tables.js';

interface Diff {
  counts: Record<string, number>;
  rows: Record<string, number>;
  items: {
    change: string;
    key: { id: number };
    row: object;
    cells: { column: string; before: unknown; after: unknown }[] | null;
    rows: number;
  }[];
}

const ROWS = 60;
const COMMITS = 4;
const headers = { Prefer: 'wait=60' };

let app: TestApp;
beforeAll(async () => {
  app = await startTestApp();
});
afterAll(() => app.stop());

/** A dataset whose versions each patch the one before, and what each has in it. */
async function patchedVersions(
  path: string,
  contentOf: (rows: readonly PatchedRow[]) => Promise<string | Uint8Array>,
): Promise<{ id: string; versions: PatchedRow[][] }> {
  const next = random(5);
  const table = new PatchedTable(Array.from({ length: ROWS }, (_, id) => randomRow(next, id)));
  const versions = [structuredClone(table.rows)];
  const id = await tablesApi(app).dataset({ [path]: await contentOf(table.rows) });
  for (let commit = 0; commit < COMMITS; commit += 1) {
    const edit = randomEdit(next, ROWS + 20);
    await datasetsApi(app).commit(id, [patch(path, edit)]);
    table.apply(edit);
    versions.push(structuredClone(table.rows));
  }
  return { id, versions };
}

/** With the fields in the order of the columns. */
const inOrder = (rows: readonly PatchedRow[]): Row[] =>
  rows.map(({ id, name, price, day }) => ({ id, name, price, day }));

/** The changes by the key, as the route tells them. */
function expectedChanges(base: readonly PatchedRow[], head: readonly PatchedRow[]): unknown[] {
  const [before, after] = [base, head].map((rows) => new Map(rows.map((row) => [row.id, row])));
  const ids = [...new Set([...base, ...head].map(({ id }) => id))].sort((a, b) => a - b);
  return ids.flatMap((id): unknown[] => {
    const [one, other] = [before?.get(id), after?.get(id)];
    if (!one || !other) return [{ change: one ? 'deleted' : 'inserted', id, cells: null }];
    const cells = (['name', 'price', 'day'] as const)
      .filter((column) => one[column] !== other[column])
      .map((column) => ({ column, before: one[column], after: other[column] }));
    return cells.length > 0 ? [{ change: 'updated', id, cells }] : [];
  });
}

const parquetOf = async (rows: readonly PatchedRow[]): Promise<Uint8Array> => {
  const id = await tablesApi(app).dataset({ 'a.jsonl': toJsonLines(rows) });
  const exported = await tablesApi(app).get(id, 'export', { path: 'a.jsonl', format: 'parquet' });
  return new Uint8Array(await exported.arrayBuffer());
};

describe('The rows that differ between patched versions', () => {
  it.each<[string, (rows: readonly PatchedRow[]) => Promise<string | Uint8Array>]>([
    ['a.csv', async (rows) => toCsv(rows)],
    ['a.parquet', parquetOf],
  ])(
    'of %s are those of the same tables in memory, and the file is not read',
    async (path, of) => {
      const { id, versions } = await patchedVersions(path, of);
      const urlOf = (base: number, head: number, more: Record<string, string>): string => {
        const query = { base: `${base}`, head: `${head}`, path, limit: '1000', ...more };
        return `/v1/datasets/${id}/diff/rows?${new URLSearchParams(query).toString()}`;
      };
      const session = jest.spyOn(app.app.get(Engine), 'session');
      for (const [base, head] of [
        [1, 2],
        [2, 5],
        [1, 5],
        [5, 3],
        [3, 1],
      ] as const) {
        const [before = [], after = []] = [versions[base - 1], versions[head - 1]];
        const diff = await app.json<Diff>(200, urlOf(base, head, { key: 'id' }), { headers });
        const found = diff.items.map(({ change, key, cells }) => ({ change, id: key.id, cells }));
        expect(found).toEqual(expectedChanges(before, after));
        expect(diff.rows).toEqual({ base: before.length, head: after.length });
        const { updated = 0, deleted = 0, unchanged } = diff.counts;
        expect(unchanged).toBe(before.length - updated - deleted);

        const whole = await app.json<Diff>(200, urlOf(base, head, {}), { headers });
        const rows = whole.items.map(({ change, row, rows: count }) => [
          JSON.stringify(row),
          { change, rows: count },
        ]);
        expect(new Map(rows as never)).toEqual(multisetDifference(inOrder(before), inOrder(after)));
      }
      if (path === 'a.parquet') {
        const read = session.mock.calls.flatMap(([{ contents }]) => contents);
        const plain = read.filter(({ fileName }) => fileName === 'a.parquet');
        // Once, to find out what its columns are.
        expect(plain.length).toBeLessThanOrEqual(1);
      }
      session.mockRestore();
    },
    120_000,
  );

  it('are found in the tables where another key, or other names, are asked for', async () => {
    const id = await tablesApi(app).dataset({ 'a.csv': 'id,a,b\n1,x,y\n2,u,u\n3,u,u\n' });
    const edit = { upserts: [{ id: 2, a: 'v' }] } as object;
    await datasetsApi(app).commit(id, [patch('a.csv', edit)]);
    const diff = async (more: Record<string, string>): Promise<Response> => {
      const query = new URLSearchParams({ base: '1', head: '2', path: 'a.csv', ...more });
      return await app.fetch(`/v1/datasets/${id}/diff/rows?${query.toString()}`, { headers });
    };
    await expectProblem(await diff({ key: 'b' }), 422, 'key-not-unique');
    const counts = async (more: Record<string, string>): Promise<unknown> =>
      ((await (await diff(more)).json()) as Diff).counts;
    expect(await counts({ key: 'id' })).toMatchObject({ updated: 1, unchanged: 2 });
    expect(await counts({ key: 'id', rename: 'a:b,b:a' })).toMatchObject({
      updated: 2,
      unchanged: 1,
    });
    const options = JSON.stringify({ delimiter: ';' });
    await expectProblem(await diff({ key: 'id', options }), 400, 'read-options-invalid');
  });
});
