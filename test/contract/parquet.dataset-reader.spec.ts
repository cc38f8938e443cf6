import { stat } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { ParquetReader } from '../../src/tabular/readers/parquet/parquet.reader.js';
import { duckDbForTests, type DuckDbForTests } from '../support/duckdb.js';
import { contentOf, readTable } from '../support/reader-tables.js';

const NUMBERS = Array.from({ length: 2000 }, (_, n) => n * 3 - 50);

describe('the Parquet reader', () => {
  const sut = new ParquetReader();
  let context: DuckDbForTests;

  beforeAll(async () => {
    context = await duckDbForTests();
  });
  afterAll(() => context.close());

  const write = (
    ...columnData: Parameters<typeof parquetWriteBuffer>[0]['columnData']
  ): Uint8Array => new Uint8Array(parquetWriteBuffer({ columnData }));

  it.each(['uncompressed', 'snappy', 'gzip', 'zstd', 'brotli', 'lz4_raw'])(
    'reads what is compressed by %s',
    async (codec) => {
      const path = `${context.folder}/${codec}.parquet`;
      await context.database.all(
        `COPY (SELECT range AS i, 1.5::DECIMAL(20, 3) AS d, {'a': [range]} AS s, uuid() AS u FROM range(5000))
         TO '${path}' (FORMAT parquet, COMPRESSION '${codec}')`,
      );
      const content = {
        path,
        size: (await stat(path)).size,
        fileType: '',
        fileName: '',
        compressionType: null,
      };
      const { description, rows } = await readTable(sut, content, context);
      expect(description.columns.map(({ type }) => type)).toEqual([
        'BIGINT',
        'DECIMAL(20,3)',
        'STRUCT(a BIGINT[])',
        'UUID',
      ]);
      expect(description.rowCount).toBe(5000);
      expect(rows[4321]?.slice(0, 3)).toEqual([4321n, '1.500', { a: [4321n] }]);
    },
  );

  it.each(['PLAIN', 'DELTA_BINARY_PACKED', 'RLE_DICTIONARY', 'BYTE_STREAM_SPLIT'] as const)(
    'reads integers as %s, by a second reader where DuckDB refuses',
    async (encoding) => {
      const bytes = write({ name: 'n', data: NUMBERS, type: 'INT32', encoding });
      const { description, rows } = await readTable(
        sut,
        await contentOf(bytes, context.folder),
        context,
      );
      expect(rows).toEqual(NUMBERS.map((n) => [n]));
      expect(description.options).toMatchObject({
        readBy: encoding === 'BYTE_STREAM_SPLIT' ? 'hyparquet' : 'duckdb',
      });
    },
  );

  it('has columns of any name', async () => {
    const one = { data: [5, 6], type: 'INT32' as const };
    const bytes = write(
      { ...one, name: 'file_row_number' },
      { ...one, name: 'a' },
      { ...one, name: 'A' },
    );
    const { description, rows } = await readTable(
      sut,
      await contentOf(bytes, context.folder),
      context,
    );
    expect(description.columns.map(({ name }) => name)).toEqual(['file_row_number', 'a', 'A_1']);
    expect(rows).toEqual([
      [5, 5, 5],
      [6, 6, 6],
    ]);
  });

  it.each<[string, (bytes: Buffer) => Buffer, string]>([
    ['a cut', (bytes) => bytes.subarray(0, -20), 'cut off'],
    [
      'a footer longer than the file',
      (bytes) => (bytes.writeUInt32LE(9_000_000, bytes.length - 8), bytes),
      'larger than the file',
    ],
    [
      'a huge footer',
      (bytes) => (bytes.writeUInt32LE(0x7fffffff, bytes.length - 8), bytes),
      'at most',
    ],
    ['encryption', (bytes) => (bytes.write('PARE', bytes.length - 4), bytes), 'encrypted'],
  ])('refuses %s', async (_, damage, words) => {
    const bytes = damage(Buffer.from(write({ name: 'n', data: NUMBERS, type: 'INT32' })));
    await expect(
      readTable(sut, await contentOf(bytes, context.folder), context),
    ).rejects.toMatchObject({
      code: 'table-unreadable',
      message: expect.stringContaining(words) as unknown as string,
    });
  });

  it('refuses more columns than it reads', async () => {
    const columns = Array.from({ length: 10_001 }, (_, n) => ({
      name: `c${n}`,
      data: [n],
      type: 'INT32' as const,
    }));
    await expect(
      readTable(sut, await contentOf(write(...columns), context.folder), context),
    ).rejects.toMatchObject({
      message: expect.stringContaining('10001 columns') as unknown as string,
    });
  });
});
