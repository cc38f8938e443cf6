import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { DuckDBInstance } from '@duckdb/node-api';
import { startTestApp, type TestApp } from '../support/app.js';
import { rawConnection } from '../support/raw-http.js';
import { flipBit, objectOf } from '../support/storage-damage.js';
import { expectProblem } from '../support/problems.js';
import { tablesApi } from '../support/tables.js';

const ROWS = 1_500_000;

let app: TestApp;
let tables: ReturnType<typeof tablesApi>;
let parquet: Buffer;

const exported = (dataset: string, path: string, headers: object = {}): Promise<Response> =>
  app.fetch(`/v1/datasets/${dataset}/versions/1/export?path=${path}&format=csv`, {
    headers: { Prefer: 'wait=60', ...headers },
  });

const sha256 = (bytes: ArrayBuffer): string =>
  createHash('sha256').update(Buffer.from(bytes)).digest('hex');

/** What the export must be, written by JavaScript. */
function expectedHash(): string {
  const hash = createHash('sha256').update('id,text\n');
  for (let id = 0; id < ROWS; id += 1) hash.update(`${id},row ${id} of a long table\n`);
  return hash.digest('hex');
}

beforeAll(async () => {
  const folder = mkdtempSync(join(tmpdir(), 'stratum-'));
  const connection = await (await DuckDBInstance.create(':memory:')).connect();
  const rows = `SELECT range AS id, 'row ' || range || ' of a long table' AS text FROM range(${ROWS})`;
  await connection.run(`COPY (${rows}) TO '${folder}/long.parquet' (ROW_GROUP_SIZE 20000)`);
  connection.closeSync();
  parquet = readFileSync(`${folder}/long.parquet`);
  rmSync(folder, { recursive: true });
  app = await startTestApp();
  tables = tablesApi(app);
}, 120_000);
afterAll(async () => {
  await app.stop();
});

describe('a large export', () => {
  it('is sent while it is written, and kept: the next is a download of the same bytes', async () => {
    const dataset = await tables.dataset({ 'long.parquet': parquet });
    const [first, beside] = await Promise.all([
      exported(dataset, 'long.parquet'),
      exported(dataset, 'long.parquet'),
    ]);
    expect(first.headers.get('transfer-encoding')).toBe('chunked');
    expect(first.headers.get('etag')).toBeNull();
    const wanted = expectedHash();
    expect(sha256(await first.arrayBuffer())).toBe(wanted);
    expect(sha256(await beside.arrayBuffer())).toBe(wanted);
    const again = await exported(dataset, 'long.parquet');
    expect(again.headers.get('etag')).toBe(`"${wanted}"`);
    expect(sha256(await again.arrayBuffer())).toBe(wanted);
  });

  it('that is asked for in part is sent when it is whole', async () => {
    const dataset = await tables.dataset({ 'part.parquet': parquet });
    const part = await exported(dataset, 'part.parquet', { Range: 'bytes=8-12' });
    expect([part.status, await part.text()]).toEqual([206, '0,row']);
  });

  it('is whole, with its length, for a client that knows no chunks', async () => {
    const dataset = await tables.dataset({ 'old.parquet': parquet });
    const connection = await rawConnection(app);
    const path = `/v1/datasets/${dataset}/versions/1/export?path=old.parquet&format=csv`;
    await connection.send(
      `GET ${path} HTTP/1.0\r\nAuthorization: Bearer ${app.key}\r\nPrefer: wait=60\r\n\r\n`,
    );
    const [head] = (await once(connection.socket, 'data')) as [Buffer];
    connection.reset();
    expect(head.toString('latin1')).toMatch(/^HTTP\/1\.1 200 [^]*\r\nContent-Length: \d{8}\r\n/);
  });

  it('of bytes that have rotted never ends well', async () => {
    // In the name of who wrote it, which the rows do not depend on.
    const at = parquet.lastIndexOf('DuckDB');
    const own = Buffer.from(parquet).fill('duckDB', at, at + 6);
    const dataset = await tables.dataset({ 'rotten.parquet': own });
    const [file] = await app.database.query<{ id: number }>(
      `UPDATE files SET created_at = now() - interval '25 hours', last_verified_at = NULL
       WHERE content_hash = $1 RETURNING id`,
      [createHash('sha256').update(own).digest('hex')],
    );
    await flipBit(await objectOf(app, file!.id), at);
    const first = await exported(dataset, 'rotten.parquet').catch(() => null);
    const isWhole =
      first?.ok &&
      (await first.arrayBuffer().then(
        () => true,
        () => false,
      ));
    expect(isWhole).not.toBe(true);
    expect((await exported(dataset, 'rotten.parquet')).status).toBe(500);
  });

  it('that fails on the way never ends well, and the next answer says why', async () => {
    const damaged = Buffer.from(parquet);
    damaged.fill(0xff, Math.floor(damaged.length * 0.8), Math.floor(damaged.length * 0.8) + 4096);
    const dataset = await tables.dataset({ 'damaged.parquet': damaged });
    const first = await exported(dataset, 'damaged.parquet');
    expect(first.status).toBe(200);
    await expect(first.arrayBuffer()).rejects.toThrow();
    await expectProblem(await exported(dataset, 'damaged.parquet'), 422, 'table-unreadable');
  });
});
