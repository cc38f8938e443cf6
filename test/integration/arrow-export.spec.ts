import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { DuckDBInstance, type DuckDBConnection } from '@duckdb/node-api';
import { tableFromIPC, type Table } from 'apache-arrow';
import { writeArrow } from '../../src/tabular/engine/child/arrow-export.js';

let folder: string;
let instance: DuckDBInstance;
let connection: DuckDBConnection;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'stratum-arrow-'));
  instance = await DuckDBInstance.create(':memory:');
  connection = await instance.connect();
});
afterAll(() => {
  connection.closeSync();
  instance.closeSync();
  rmSync(folder, { recursive: true, force: true });
});

async function written(sql: string): Promise<Table> {
  const path = join(folder, 'export');
  await writeArrow(await connection.stream(sql), path);
  return tableFromIPC(readFileSync(path));
}

/** Types that no file of another format brings; value and type as they lie in the file. */
it.each<[sql: string, type: string, raw: unknown]>([
  ["'2024-02-29 12:30:00'::TIMESTAMP_S", 'Timestamp<SECOND>', 1709209800n],
  ["'2024-02-29 12:30:00.125'::TIMESTAMP_MS", 'Timestamp<MILLISECOND>', 1709209800125n],
  ["'1960-01-01 00:00:00.000001'::TIMESTAMP", 'Timestamp<MICROSECOND>', -315619199999999n],
  ["'2024-02-29 12:30:00.123456789'::TIMESTAMP_NS", 'Timestamp<NANOSECOND>', 1709209800123456789n],
  ["'2024-02-29 12:30:00+02'::TIMESTAMPTZ", 'Timestamp<MICROSECOND, UTC>', 1709202600000000n],
  ["'00:00:00.000000001'::TIME_NS", 'Time64<NANOSECOND>', 1n],
  ["'5877641-06-25 (BC)'::DATE", 'Date32<DAY>', -2147483280],
  ["'a'::ENUM ('a', 'b')", 'Utf8', 'a'],
  [
    '170141183460469231731687303715884105727::HUGEINT',
    'Utf8',
    '170141183460469231731687303715884105727',
  ],
  ["INTERVAL '1 month 2 days'", 'Utf8', '1 month 2 days'],
  ["MAP {'a': 1}", 'Utf8', "{'a': 1}"],
  ["'101'::BIT", 'Utf8', '101'],
  ['NULL', 'Int32', 0],
])('a value of %s is %s in Arrow', async (sql, type, raw) => {
  const table = await written(`SELECT ${sql} AS a UNION ALL SELECT NULL`);
  const [data] = table.getChild('a')?.data ?? [];
  expect(String(table.schema.fields[0]?.type)).toBe(type);
  expect(table.getChild('a')?.get(1)).toBeNull();
  expect(type === 'Utf8' ? table.getChild('a')?.get(0) : data?.values[0]).toEqual(raw);
});

it('names of fields and columns are those of the table, whatever they are', async () => {
  const table = await written(
    `SELECT {'__proto__': 1, 'a': NULL} AS "__proto__", [1, 2]::INTEGER[2] AS " ", 3 AS "a.b"`,
  );
  expect(table.schema.fields.map(({ name, type }) => [name, String(type)])).toEqual([
    ['__proto__', 'Struct<{__proto__:Int32, a:Int32}>'],
    [' ', 'List<Int32>'],
    ['a.b', 'Int32'],
  ]);
});
