import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  Field,
  List,
  TimestampNanosecond,
  Utf8,
  tableFromIPC,
  tableToIPC,
  vectorFromArray,
  Table,
  Int64,
} from 'apache-arrow';
import { ArrowReader } from '../../src/tabular/readers/arrow/arrow.reader.js';
import { duckDbForTests, type DuckDbForTests } from '../support/duckdb.js';
import { contentOf, readTable } from '../support/reader-tables.js';

const FLIGHTS = 'node_modules/vega-datasets/data/flights-200k.arrow';

describe('the Arrow reader', () => {
  const sut = new ArrowReader();
  let context: DuckDbForTests;

  beforeAll(async () => {
    context = await duckDbForTests();
  });
  afterAll(() => context.close());

  it.each(['file', 'stream'] as const)('reads a %s with all digits', async (kind) => {
    const table = new Table({
      n: vectorFromArray([1n, null, 9007199254740993n], new Int64()),
      t: vectorFromArray(['x', 'ü', null], new Utf8()),
      l: vectorFromArray([['a'], [], null], new List(new Field('item', new Utf8(), true))),
      at: vectorFromArray([0, 1, 2], new TimestampNanosecond()),
    });
    const content = await contentOf(tableToIPC(table, kind), context.folder);
    const { description, rows } = await readTable(sut, content, context);
    expect(description.columns.map(({ type }) => type)).toEqual([
      'BIGINT',
      'VARCHAR',
      'VARCHAR[]',
      'TIMESTAMP_NS',
    ]);
    expect(rows.map((row) => row.slice(0, 3))).toEqual([
      [1n, 'x', ['a']],
      [null, 'ü', []],
      [9007199254740993n, null, null],
    ]);
  });

  it('reads that of vega-datasets', async () => {
    const bytes = await readFile(FLIGHTS);
    const { rows } = await readTable(sut, await contentOf(bytes, context.folder), context);
    const truth = tableFromIPC(bytes);
    expect(rows.length).toBe(truth.numRows);
    expect(rows[123_456]).toEqual(Object.values(truth.get(123_456)?.toJSON() ?? {}));
  });

  it('refuses what is cut off', async () => {
    const bytes = (await readFile(FLIGHTS)).subarray(0, 100_000);
    await expect(
      readTable(sut, await contentOf(bytes, context.folder), context),
    ).rejects.toMatchObject({ code: 'table-unreadable' });
  });
});
