import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ExcelReader } from '../../src/tabular/readers/excel/excel.reader.js';
import { duckDbForTests, type DuckDbForTests } from '../support/duckdb.js';
import { contentOf, readTable } from '../support/reader-tables.js';

/** Written by openpyxl: names, an integer, a date of 1900, an empty row, a fraction, a leap day. */
const WORKBOOK = 'test/support/workbook.xlsx';

describe('the Excel reader', () => {
  const sut = new ExcelReader();
  let context: DuckDbForTests;

  beforeAll(async () => {
    context = await duckDbForTests();
  });
  afterAll(() => context.close());

  it('reads numbers and dates of the first sheet', async () => {
    const content = await contentOf(await readFile(WORKBOOK), context.folder);
    const { description, rows } = await readTable(sut, content, context);
    expect(description.columns).toEqual([
      { name: 'a', type: 'DOUBLE' },
      { name: 'b', type: 'DATE' },
    ]);
    expect(rows).toEqual([
      [1, '1900-01-01'],
      [2.5, '2024-02-29'],
    ]);
  });

  it('takes a sheet and says which there are', async () => {
    const content = await contentOf(await readFile(WORKBOOK), context.folder);
    const { rows } = await readTable(sut, content, context, { sheet: 'Sheet', header: false });
    expect(rows[0]).toEqual(['a', 'b']);
    await expect(readTable(sut, content, context, { sheet: 2 })).rejects.toMatchObject({
      code: 'read-options-invalid',
    });
  });

  it('refuses what is cut off', async () => {
    const bytes = (await readFile(WORKBOOK)).subarray(0, 2000);
    await expect(
      readTable(sut, await contentOf(bytes, context.folder), context),
    ).rejects.toMatchObject({ code: 'table-unreadable' });
  });
});
