import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { DuckDBInstance } from '@duckdb/node-api';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { tableFromIPC, type Table } from 'apache-arrow';
import { startTestApp, type TestApp } from '../support/app.js';
import { tablesApi } from '../support/tables.js';

let app: TestApp;
let tables: ReturnType<typeof tablesApi>;
let folder: string;
beforeAll(async () => {
  app = await startTestApp();
  tables = tablesApi(app);
  folder = mkdtempSync(join(tmpdir(), 'stratum-arrow-'));
});
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  await app.stop();
});

/** By DuckDB, which writes Parquet of all the types that tables have. */
async function parquetOf(select: string): Promise<Buffer> {
  const path = join(folder, 'made.parquet');
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  await connection.run(`COPY (${select}) TO '${path}' (FORMAT parquet)`);
  connection.closeSync();
  instance.closeSync();
  return readFileSync(path);
}

interface Exported {
  bytes: Buffer;
  arrow: Table;
  /** The dataset with the table, and one with its export. */
  of: string;
  again: string;
}

async function exported(select: string, query: Record<string, string> = {}): Promise<Exported> {
  const of = await tables.dataset({ 'made.parquet': await parquetOf(select) });
  const response = await tables.get(of, 'export', {
    path: 'made.parquet',
    format: 'arrow',
    ...query,
  });
  const bytes = Buffer.from(await response.arrayBuffer());
  expect([response.status, response.headers.get('content-type')]).toEqual([
    200,
    'application/vnd.apache.arrow.file',
  ]);
  const again = await tables.dataset({ 'again.arrow': bytes });
  return { bytes, arrow: tableFromIPC(bytes), of, again };
}

async function allRows(dataset: string, path: string): Promise<unknown[]> {
  const rows: unknown[] = [];
  let cursor: string | null = null;
  do {
    const page = await tables.rows(dataset, { path, limit: '1000', ...(cursor && { cursor }) });
    rows.push(...page.items.map(({ row }) => row));
    cursor = page.nextCursor;
  } while (cursor !== null);
  return rows;
}

/** Expression of a value, its type in Arrow, and what the library reads of it. */
const VALUES: Record<string, [sql: string, type: string, value: unknown]> = {
  boolean: ['true', 'Bool', true],
  tinyint: ['(-128)::TINYINT', 'Int8', -128],
  smallint: ['32767::SMALLINT', 'Int16', 32767],
  int: ['(-2147483648)::INTEGER', 'Int32', -2147483648],
  bigint: ['9223372036854775807::BIGINT', 'Int64', 9223372036854775807n],
  utinyint: ['255::UTINYINT', 'Uint8', 255],
  usmallint: ['65535::USMALLINT', 'Uint16', 65535],
  uint: ['4294967295::UINTEGER', 'Uint32', 4294967295],
  ubigint: ['18446744073709551615::UBIGINT', 'Uint64', 18446744073709551615n],
  float: ['1.5::FLOAT', 'Float32', 1.5],
  double: ["'nan'::DOUBLE", 'Float64', NaN],
  small_decimal: ['(-12.34)::DECIMAL(4,2)', 'Decimal[4e+2]', undefined],
  big_decimal: [
    '12345678901234567890123456789012345.678::DECIMAL(38,3)',
    'Decimal[38e+3]',
    undefined,
  ],
  date: ["'1969-12-31'::DATE", 'Date32<DAY>', -86_400_000],
  timestamp_us: ["'1960-01-01 00:00:00.000001'::TIMESTAMP", 'Timestamp<MICROSECOND>', undefined],
  timestamp_ns: [
    "'2024-02-29 12:30:00.123456789'::TIMESTAMP_NS",
    'Timestamp<NANOSECOND>',
    undefined,
  ],
  timestamp_tz: ["'2024-02-29 12:30:00+02'::TIMESTAMPTZ", 'Timestamp<MICROSECOND, UTC>', undefined],
  time: ["'23:59:59.999999'::TIME", 'Time64<MICROSECOND>', 86_399_999_999n],
  text: ["'Zürich 😀'", 'Utf8', 'Zürich 😀'],
  empty: ["''", 'Utf8', ''],
  bytes: ["'\\x00\\xFF'::BLOB", 'Binary', new Uint8Array([0, 255])],
  list: ['[1, NULL, 3]', 'List<Int32>', undefined],
  lists: ["[['a'], [], NULL, ['b', 'c']]", 'List<List<Utf8>>', undefined],
  struct: ["{'a': 1, 'b': ['x', NULL]}", 'Struct<{a:Int32, b:List<Utf8>}>', undefined],
  uuid: [
    "'12345678-1234-1234-1234-123456789abc'::UUID",
    'Utf8',
    '12345678-1234-1234-1234-123456789abc',
  ],
};
const COLUMNS = Object.entries(VALUES).map(([name, [sql]]) => `${sql} AS "${name}"`);
const NULLS = Object.keys(VALUES).map((name) => `NULL AS "${name}"`);

describe('tables as Arrow', () => {
  it('keep types, values and nulls, and come back as the same rows', async () => {
    const { arrow, of, again } = await exported(
      `SELECT ${COLUMNS.join(', ')} UNION ALL SELECT ${NULLS.join(', ')} UNION ALL SELECT ${COLUMNS.join(', ')}`,
    );
    const types = Object.fromEntries(
      arrow.schema.fields.map(({ name, type }) => [name, `${type}`]),
    );
    expect(types).toEqual(
      Object.fromEntries(Object.entries(VALUES).map(([name, [, type]]) => [name, type])),
    );
    for (const [name, [, , value]] of Object.entries(VALUES)) {
      const column = arrow.getChild(name);
      expect([name, column?.nullCount, column?.get(1)]).toEqual([name, 1, null]);
      if (value !== undefined) expect([name, column?.get(2)]).toEqual([name, value]);
    }
    const rows = await allRows(of, 'made.parquet');
    expect(rows).toHaveLength(3);
    expect(await allRows(again, 'again.arrow')).toEqual(rows);
  });

  it('hold what Arrow has no type for as its text', async () => {
    const of = await tables.dataset({
      'a.json': '{"big": 170141183460469231731687303715884105727, "n": 1}\n{"big": 1, "n": null}\n',
    });
    const response = await tables.get(of, 'export', { path: 'a.json', format: 'arrow' });
    const arrow = tableFromIPC(Buffer.from(await response.arrayBuffer()));
    expect(arrow.toArray().map((row) => ({ ...row }))).toEqual([
      { big: '170141183460469231731687303715884105727', n: 1n },
      { big: '1', n: null },
    ]);
  });

  it('may have no rows', async () => {
    const { arrow, again } = await exported('SELECT 1::INTEGER AS a, [1] AS b', { where: 'a > 1' });
    expect([arrow.numRows, arrow.schema.names]).toEqual([0, ['a', 'b']]);
    const page = await tables.rows(again, { path: 'again.arrow' });
    expect(page).toMatchObject({
      items: [],
      columns: [{ name: 'a', type: 'INTEGER' }, { name: 'b' }],
    });
  });

  it('are written batch by batch, in their order', async () => {
    const { arrow, of, again } = await exported(
      `SELECT i, 'row ' || i AS t, CASE WHEN i % 3 > 0 THEN [i, i + 1] END AS l,
         {'n': i, 't': NULLIF(i % 5, 0)::VARCHAR} AS s, i % 2 = 0 AS b
       FROM range(10000) r(i)`,
    );
    expect([arrow.numRows, arrow.batches.length > 1]).toEqual([10_000, true]);
    const rows = await allRows(of, 'made.parquet');
    expect(rows).toHaveLength(10_000);
    expect(arrow.getChild('i')?.toArray()).toEqual(
      BigInt64Array.from({ length: 10_000 }, (_, i) => BigInt(i)),
    );
    expect(await allRows(again, 'again.arrow')).toEqual(rows);
  });
});
