import { readdir, stat } from 'node:fs/promises';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { JsonReader } from '../../src/tabular/readers/json/json.reader.js';
import { duckDbForTests, type DuckDbForTests } from '../support/duckdb.js';
import { contentOf, readTable, type ReadTable } from '../support/reader-tables.js';

const DATA = 'node_modules/vega-datasets/data';

describe('the JSON reader', () => {
  const sut = new JsonReader();
  let context: DuckDbForTests;

  beforeAll(async () => {
    context = await duckDbForTests();
  });
  afterAll(() => context.close());

  const read = async (
    text: string | Uint8Array,
    given: Record<string, unknown> = {},
  ): Promise<ReadTable> => readTable(sut, await contentOf(text, context.folder), context, given);
  const typesOf = ({ description }: ReadTable): string[] =>
    description.columns.map(({ name, type }) => `${name} ${type}`);

  it.each<[string, string | Uint8Array]>([
    ['lines', '{"a":1,"b":"x"}\n{"b":"y"}\n'],
    ['an array', '[{"a":1,"b":"x"},\n {"b":"y"}]'],
    ['an array in an object', '{"n":2,"data":[{"a":1,"b":"x"},{"b":"y"}]}'],
    ['values without line ends', '{"a":1,"b":"x"}{"b":"y"}'],
    ['lines with a mark', '\uFEFF{"a":1,"b":"x"}\n{"b":"y"}'],
    ['UTF-16', Buffer.from('\uFEFF[{"a":1,"b":"x"},{"b":"y"}]', 'utf16le')],
    ['gzip', gzipSync('{"a":1,"b":"x"}\n{"b":"y"}\n')],
    ['zstd', zstdCompressSync('[{"a":1,"b":"x"},{"b":"y"}]')],
  ])('reads %s', async (_, text) => {
    const table = await read(text);
    expect(table.rows).toEqual([
      [1n, 'x'],
      [null, 'y'],
    ]);
    expect(table.description.rowCount).toBe(2);
  });

  it.each<[string, string, string[], unknown[][]]>([
    [
      'arrays',
      '[[1,"x"],[2,"y"]]',
      ['column_1 BIGINT', 'column_2 VARCHAR'],
      [
        [1n, 'x'],
        [2n, 'y'],
      ],
    ],
    ['values', '[1,null,3]', ['value BIGINT'], [[1n], [null], [3n]]],
    ['no rows', '[]', ['value JSON'], []],
    ['one object', '{"a":{"b":[1]}}', ['a STRUCT(b BIGINT[])'], [[{ b: [1n] }]]],
    ['a mixture', '{"a":1}\n5', ['value JSON'], [['{"a":1}'], ['5']]],
    ['types that differ', '{"a":1}\n{"a":"x"}', ['a JSON'], [['1'], ['"x"']]],
    ['small negatives', '{"a":-1}\n{"a":1}', ['a BIGINT'], [[-1n], [1n]]],
    [
      'large integers',
      '{"a":1}\n{"a":18446744073709551617}',
      ['a HUGEINT'],
      [[1n], [18446744073709551617n]],
    ],
    ['larger ones', '{"a":1e400}', ['a VARCHAR'], [['1e400']]],
    [
      'large beside fractions',
      '{"a":1.5}\n{"a":9007199254740993}',
      ['a VARCHAR'],
      [['1.5'], ['9007199254740993']],
    ],
    ['large ones inside', '{"a":[1.5,9007199254740993]}', ['a JSON'], [['[1.5,9007199254740993]']]],
    [
      'names that differ by case',
      '{"a":1,"A":2,"":3}',
      ['a BIGINT', 'A_2 BIGINT', 'column_3 BIGINT'],
      [[1n, 2n, 3n]],
    ],
    ['such names inside', '{"x":{"a":1,"A":2}}', ['x JSON'], [['{"a":1,"A":2}']]],
    ['a name that comes twice', '{"a":1,"a":2}', ['a BIGINT'], [[2n]]],
    ['one inside', '{"x":{"a":1,"a":2}}', ['x JSON'], [['{"a":1,"a":2}']]],
  ])('reads %s', async (_, text, types, rows) => {
    const table = await read(text);
    expect(typesOf(table)).toEqual(types);
    expect(table.rows).toEqual(rows);
  });

  it('says where the table comes from, and what was repeated', async () => {
    const { description } = await read('{"features":[{"a":1}],"b":[2]}');
    expect(description.options).toMatchObject({ path: '/features' });
    expect(description.warnings).toEqual([expect.stringContaining('"features"')]);
    const repeated = await read('{"a":1}\n{"a":1,"a":2}');
    expect(repeated.description.warnings).toEqual([expect.stringContaining('"a" on line 2')]);
  });

  it('sees members that come up late', async () => {
    const lines = Array.from({ length: 30_000 }, (_, at) => `{"a":${at}}`);
    const { rows } = await read([...lines, '{"a":"x","late":{"b":1}}'].join('\n'));
    expect(rows.at(-1)).toEqual(['"x"', { b: 1n }]);
    expect(rows[12_345]).toEqual(['12345', null]);
  });

  it('takes a path', async () => {
    const text = '{"a":{"b.c":[{"x":1}],"d":[{"y":2}]}}';
    expect((await read(text, { path: 'a.d' })).rows).toEqual([[2n]]);
    expect((await read(text, { path: '/a/b.c' })).rows).toEqual([[1n]]);
    await expect(read(text, { path: 'a.e' })).rejects.toMatchObject({
      code: 'read-options-invalid',
    });
    await expect(read(text, { paht: 'a' })).rejects.toMatchObject({ code: 'read-options-invalid' });
  });

  it.each<[string, string | Uint8Array, number | undefined]>([
    ['nothing', ' \n ', 1],
    ['text', 'hello', 1],
    ['a cut', '[{"a":1},\n{"a":', 2],
    ['a missing comma', '[{"a":1}\n{"a":2}]', 2],
    ['a word that is none', '{"a":1}\n{"a":tru}\n', 2],
    ['a control character', '{"a":"x\0y"}', 1],
    [
      'bytes that are no UTF-8',
      Buffer.from([0x7b, 0x22, 0x61, 0x22, 0x3a, 0x22, 0xff, 0x22, 0x7d]),
      1,
    ],
    ['half a character', '{"a":1}\n{"a":"\\ud800"}', 2],
    ['deep nesting', `{"a":${'['.repeat(50_000)}${']'.repeat(50_000)}}`, 1],
    [
      '100,000 columns',
      JSON.stringify(Object.fromEntries(Array.from({ length: 100_000 }, (_, n) => [`c${n}`, n]))),
      1,
    ],
    ['a row too long', `{"a":1}\n{"a":"${'x'.repeat(17 * 1024 * 1024)}"}`, 2],
    ['a damaged gzip', gzipSync('[1]').subarray(0, 20), undefined],
    ['a bomb', gzipSync(Buffer.alloc(100 * 1024 * 1024, ' ')), undefined],
  ])('refuses %s, and names the place', async (_, text, line) => {
    await expect(read(text)).rejects.toMatchObject({
      code: 'table-unreadable',
      ...(line && { extensions: { line } }),
    });
  });

  it('reads all of vega-datasets', async () => {
    const files = (await readdir(DATA)).filter((name) => name.endsWith('.json'));
    expect(files.length).toBeGreaterThan(30);
    for (const name of files) {
      const path = `${DATA}/${name}`;
      const content = {
        path,
        size: (await stat(path)).size,
        fileType: 'json',
        fileName: name,
        compressionType: null,
      };
      const description = await sut.describe(content, {}, context);
      const { sql } = await sut.open(content, description, context);
      const [[count]] = (await context.database.all(`SELECT count(*) FROM ${sql}`)) as [[bigint]];
      expect([name, Number(count)]).toEqual([name, description.rowCount]);
    }
  });
});
