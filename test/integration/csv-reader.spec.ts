import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { encode } from '../support/csv-corpus/encode.js';
import { contentOf, readByUs, type Table } from '../support/csv-corpus/reading.js';
import { duckDbForTests, type DuckDbForTests } from '../support/duckdb.js';
import { CsvReader } from '../../src/tabular/readers/csv/csv.reader.js';

/** Rows that fill more than what is looked at, at either end. */
const MANY = 13_000;

describe('CsvReader', () => {
  let context: DuckDbForTests;
  let next = 0;

  beforeEach(async () => {
    context = await duckDbForTests();
  });
  afterEach(() => context.close());

  const put = (bytes: Uint8Array | string) =>
    contentOf(`${context.folder}/content-${(next += 1)}`, Buffer.from(bytes as Uint8Array));
  const read = async (bytes: Uint8Array | string, given = {}): Promise<Table> =>
    readByUs(context, await put(bytes), given);
  const describing = async (bytes: Uint8Array | string, given = {}) =>
    new CsvReader().describe(await put(bytes), given, context);
  const many = (row: (at: number) => string, count = MANY): string =>
    Array.from({ length: count }, (_, at) => row(at)).join('\n');

  it('reads an empty file and one of a header alone as no rows', async () => {
    expect(await read('')).toMatchObject({ names: [], rows: [] });
    expect(await read('id,name\n')).toMatchObject({ names: ['id', 'name'], rows: [] });
    expect(await read('id,name')).toMatchObject({ names: ['id', 'name'], rows: [] });
  });

  it('reads a file of one column, blank lines within it as no value', async () => {
    expect(await read('n\n1\n\n3\n\n\n')).toMatchObject({
      names: ['n'],
      types: ['BIGINT'],
      rows: [['1'], [null], ['3']],
    });
  });

  it('names columns that have no name or that of another, and says so', async () => {
    const { columns, warnings } = await describing('a,A, ,b,a_2\n1,2,3,4,5\n');
    expect(columns.map(({ name }) => name)).toEqual(['a', 'A_3', 'column_3', 'b', 'a_2']);
    expect(warnings).toHaveLength(2);
  });

  it('keeps codes, large numbers and what only looks like a number', async () => {
    const table = await read(
      'code,big,huge,mixed\n007,9223372036854775807,9223372036854775808,1\n010,1,2,x\n',
    );
    expect(table.types).toEqual(['VARCHAR', 'BIGINT', 'HUGEINT', 'VARCHAR']);
    expect(table.rows[0]).toEqual(['007', '9223372036854775807', '9223372036854775808', '1']);
  });

  it('reads decimal commas where commas are no delimiters', async () => {
    const table = await read('a;b\n1,5;x\n-2,25;y\n');
    expect(table).toMatchObject({
      types: ['DOUBLE', 'VARCHAR'],
      rows: [
        ['1.5', 'x'],
        ['-2.25', 'y'],
      ],
    });
  });

  it('takes NA for no value among numbers, and for itself among words', async () => {
    expect((await read('a,b\n1,x\nNA,y\n')).rows[1]).toEqual([null, 'y']);
    expect((await read('a,b\n1,NA\n2,y\n')).rows[0]).toEqual(['1', 'NA']);
  });

  it('tells rows that are too long with their lines, and fills up those that are too short', async () => {
    const table = await read('# made by x\n\na,b,c\n1,2,3\n4,5,6,7\n8,9\n1,2,3,\n1,2,3\n1,2,3\n');
    expect(table.rows).toEqual([
      ['1', '2', '3'],
      ['8', '9', null],
      ['1', '2', '3'],
      ['1', '2', '3'],
      ['1', '2', '3'],
    ]);
    expect(table.rejected).toEqual([5]);
  });

  it('counts all rows that are too long and lists the first thousand', async () => {
    const content = await put(`a,b\n1,2\n3,4\n${'1,2,3\n1,2\n1,2\n1,2\n'.repeat(1500)}`);
    const reader = new CsvReader();
    await reader.open(
      content,
      await reader.describe(content, { header: true, delimiter: ',', skipLines: 0 }, context),
      context,
    );
    const { count, rows } = await reader.rejected(context);
    expect(count + rows.length).toBe(2500);
    expect(rows[0]).toEqual({ line: 4, reason: 'It has 3 cells, not 2.', text: '1,2,3' });
  });

  it.each([
    ['a fraction among whole numbers', '1.5', 'DOUBLE'],
    ['a word among whole numbers', 'x', 'VARCHAR'],
    ['a number of more than 64 bits', '12345678901234567890', 'HUGEINT'],
    ['a fraction beside a large number', '1.5\n9007199254740993', 'VARCHAR'],
    ['a line end of another kind', '7\r', 'BIGINT'],
  ])('keeps %s beyond what it looked at', async (_what, value, type) => {
    const pieces = value
      .split('\n')
      .map((one) => `${one.replace('\r', '')},x${one.includes('\r') ? '\r' : ''}`);
    const table = await read(
      `n,t\n${many((at) => `${at},some longer text`)}\n${pieces.join('\n')}\n${many((at) => `${at},some longer text`)}\n`,
    );
    expect(table.types).toEqual([type, 'VARCHAR']);
    expect(table.rows).toHaveLength(2 * MANY + pieces.length);
    expect(table.rows.slice(MANY, -MANY)).toEqual(
      value.split('\n').map((one) => [one.trim(), 'x']),
    );
  });

  it('finds letters of another encoding, short and long rows beyond what it looked at', async () => {
    const text = `n,t\n${many((at) => `${at},some longer text`)}\n1,Köln\n2\n3,4,5\n6,Größe\n${many((at) => `${at},some longer text`)}\n`;
    const table = await read(Buffer.from(text, 'latin1'));
    expect(table.rows.slice(MANY, -MANY)).toEqual([
      ['1', 'Köln'],
      ['2', null],
      ['6', 'Größe'],
    ]);
    expect(table.rejected).toEqual([MANY + 4]);
  });

  it('reads malformed characters as U+FFFD and says so', async () => {
    const bytes = Buffer.concat([
      Buffer.from('a,b\n1,Köln Größe süß äöü äöü\n2,'),
      Buffer.of(0xff),
      Buffer.from('\n'),
    ]);
    expect((await read(bytes)).rows[1]).toEqual(['2', '\ufffd']);
    expect((await describing(bytes)).warnings.join()).toContain('malformed');
  });

  it.each(['utf-16le', 'shift_jis', 'gb18030', 'koi8-r', 'euc-kr', 'windows-1251'])(
    'unpacks %s',
    async (encoding) => {
      const word =
        { shift_jis: '東京都', gb18030: '北京市', 'euc-kr': '서울시' }[encoding] ?? 'Москва';
      const text = encode(`n,город\n1,${word}\n2,${word}\n`.replace('город', 'a'), encoding);
      for (const bytes of [gzipSync(text), zstdCompressSync(text)]) {
        expect((await read(bytes)).rows).toEqual([
          ['1', word],
          ['2', word],
        ]);
      }
    },
  );

  it('reads in place what DuckDB can read', async () => {
    for (const text of [
      'a,b\n1,2\n',
      'a;b\r\n1;"x\r\ny"\r\n',
      'a\tb\r1\t2\r',
      'title\n\na,b\n1,2\n2,3\n',
    ]) {
      expect((await describing(text)).options).toMatchObject({ rewritten: false });
    }
  });

  it('does as it is told', async () => {
    const given = {
      delimiter: ';',
      header: false,
      skipLines: 1,
      footerLines: 1,
      encoding: 'windows-1252',
      quote: null,
      nullText: ['x'],
    };
    const table = await read(Buffer.from('t\n1;"ä\n2;x\nend\n', 'latin1'), given);
    expect(table).toMatchObject({
      names: ['column_1', 'column_2'],
      rows: [
        ['1', '"ä'],
        ['2', null],
      ],
    });
  });

  it('names all faults of options at once', async () => {
    await expect(describing('a,b\n', { delimiter: 'ab', quote: 7, nope: 1 })).rejects.toMatchObject(
      {
        code: 'read-options-invalid',
        errors: [{ pointer: 'delimiter' }, { pointer: 'quote' }, { pointer: 'nope' }],
      },
    );
  });

  it.each([
    ['quotes', '"'.repeat(262_144)],
    ['delimiters', ',;|\t'.repeat(65_536)],
    ['digits', `${'1'.repeat(262_000)}x`],
    ['backslashes', `"${'\\'.repeat(262_000)}`],
    ['line ends', '\r\n\n\r'.repeat(65_536)],
    ['quotes and delimiters', `",'`.repeat(87_000)],
  ])('makes up its mind about %s in no time', async (_what, text) => {
    const started = performance.now();
    await describing(text).catch(() => undefined);
    expect(performance.now() - started).toBeLessThan(10_000);
  });

  it('passes over failures that are none of the content', async () => {
    const content = await put('a,b\n1,2\n');
    const reader = new CsvReader();
    const description = await reader.describe(content, {}, context);
    expect(await reader.relax(content, description, new Error('Parser Error'), context)).toBeNull();
  });
});
