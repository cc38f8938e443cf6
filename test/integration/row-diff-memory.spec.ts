import { openAsBlob } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { startTestApp, type TestApp } from '../support/app.js';

const MEMORY = 384 * 1024 ** 2;
/** Of both tables in memory, in multiples of what the process may have. */
const TIMES = process.env.TABLES === 'full' ? 10 : 2;
const TEXT_BYTES = 512;
const ROWS = Math.floor((TIMES * MEMORY) / 2 / TEXT_BYTES);

/** Rows whose texts compress well on disk, in an order that is not that of the key. */
const TABLE = `SELECT (range * 7919) % ${ROWS} AS id, lpad(range::VARCHAR, ${TEXT_BYTES}, 'x') AS t
  FROM range(${ROWS})`;
const HEAD = `SELECT id, CASE WHEN id % 1000 = 3 THEN 'new ' || t ELSE t END AS t
  FROM (${TABLE}) WHERE id % 1000 <> 5 UNION ALL SELECT ${ROWS} + range, 'more' FROM range(7)`;

const countOf = (remainder: number): number => Math.floor((ROWS - 1 - remainder) / 1000) + 1;

let app: TestApp;
let folder: string;
beforeAll(async () => {
  app = await startTestApp({ ENGINE_MEMORY_BYTES: String(MEMORY) });
  folder = await mkdtemp(join(tmpdir(), 'stratum-large-'));
});
afterAll(async () => {
  await rm(folder, { recursive: true });
  await app.stop();
});

async function datasetWith(tables: Record<string, string>): Promise<string> {
  const form = new FormData();
  form.append('name', 'Large');
  const instance = await DuckDBInstance.create(':memory:', { memory_limit: '500MB' });
  for (const [name, select] of Object.entries(tables)) {
    const path = join(folder, name);
    const connection = await instance.connect();
    await connection.run(`COPY (${select}) TO '${path}' (ROW_GROUP_SIZE 20000)`);
    connection.closeSync();
    form.append('files', await openAsBlob(path), name);
  }
  instance.closeSync();
  const created = await app.fetch('/v1/datasets', { method: 'POST', body: form });
  return ((await created.json()) as { id: string }).id;
}

it('compares tables of several times the memory of the process that does it', async () => {
  const id = await datasetWith({ 'base.parquet': TABLE, 'head.parquet': HEAD });
  const diff = async (query: Record<string, string>): Promise<unknown> => {
    const sides = { base: '1', head: '1', path: 'base.parquet', headPath: 'head.parquet' };
    const parameters = new URLSearchParams({ ...sides, limit: '1', ...query });
    const path = `/v1/datasets/${id}/diff/rows?${parameters.toString()}`;
    for (;;) {
      const response = await app.fetch(path, { headers: { Prefer: 'wait=60' } });
      const answer = (await response.json()) as { counts: unknown };
      if (response.status !== 202) return answer.counts ?? answer;
    }
  };
  const [updated, deleted, inserted] = [countOf(3), countOf(5), 7];
  const unchanged = ROWS - updated - deleted;
  expect(await diff({ key: 'id' })).toEqual({ inserted, updated, deleted, unchanged });
  expect(await diff({})).toEqual({
    inserted: inserted + updated,
    updated: 0,
    deleted: deleted + updated,
    unchanged,
  });
}, 240_000);
