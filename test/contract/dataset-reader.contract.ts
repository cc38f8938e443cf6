import { readdir, stat, writeFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type {
  IDatasetReader,
  LocalContent,
} from '../../src/core/contracts/dataset-reader.contract.js';
import { UnreadableTableError } from '../../src/tabular/tabular.errors.js';
import { duckDbForTests, type DuckDbForTests } from '../support/duckdb.js';

/** A content that the reader reads, and what is in it. */
export interface ReadableSample {
  name: string;
  fileName: string;
  bytes: Uint8Array;
  columns: { name: string; type: string }[];
  /** All rows, in their order, as TableDatabase gives them. */
  rows: unknown[][];
}

/** A content that is none of the format, or broken. */
export interface UnreadableSample {
  name: string;
  bytes: Uint8Array;
}

/** What `IDatasetReader` promises, for every reader. */
export function describeDatasetReader(
  name: string,
  createReader: () => IDatasetReader,
  samples: { readable: readonly ReadableSample[]; unreadable: readonly UnreadableSample[] },
): void {
  describe(`the reader ${name}`, () => {
    let sut: IDatasetReader;
    let context: DuckDbForTests;
    /** Where contents lie: not the job's folder. */
    let contents: string;

    beforeEach(async () => {
      sut = createReader();
      context = await duckDbForTests();
      contents = await mkdtemp(join(tmpdir(), 'stratum-contents-'));
    });

    afterEach(async () => {
      // A reader writes into the job's folder only.
      const left = await readdir(contents);
      await context.close();
      await rm(contents, { recursive: true, force: true });
      expect(left.filter((file) => file !== '0')).toEqual([]);
    });

    const put = async (bytes: Uint8Array, fileName: string): Promise<LocalContent> => {
      const path = join(contents, '0');
      await writeFile(path, bytes);
      return { path, size: bytes.length, fileType: sut.format, fileName, compressionType: null };
    };
    const headOf = (bytes: Uint8Array): Uint8Array => bytes.subarray(0, 65_536);

    describe.each(samples.readable)('on $name', ({ bytes, fileName, columns, rows }) => {
      it('recognises its head by the bytes alone', async () => {
        const content = { ...(await put(bytes, 'data')), fileType: 'unknown' };
        expect(sut.recognise(headOf(bytes), content)).toBeGreaterThan(0.5);
      });

      it('tells its columns, and what it found out as plain JSON', async () => {
        const content = await put(bytes, fileName);
        const description = await sut.describe(content, {}, context);
        expect(description.format).toBe(sut.format);
        expect(description.columns).toEqual(columns);
        expect(JSON.parse(JSON.stringify(description))).toEqual(description);
        if (description.rowCount !== null) expect(description.rowCount).toBe(rows.length);
      });

      it('gives all rows in order, each with its place, as often as asked', async () => {
        const content = await put(bytes, fileName);
        const description = await sut.describe(content, {}, context);
        const { sql, rowIndex, unnumbered } = await sut.open(content, description, context);
        const shown = columns.map((column) => `"${column.name.replaceAll('"', '""')}"`).join(', ');
        for (let round = 0; round < 2; round += 1) {
          const read = await context.database.all(
            `SELECT ${rowIndex}, ${shown} FROM ${sql} ORDER BY 1`,
          );
          expect(read.map(([index]) => Number(index))).toEqual(rows.map((_, index) => index));
          expect(read.map((row) => row.slice(1))).toEqual(rows);
        }
        if (unnumbered === undefined) return;
        const bare = await context.database.all(`SELECT * FROM ${unnumbered}`);
        expect(bare).toHaveLength(rows.length);
        expect(bare).toEqual(expect.arrayContaining(rows));
      });

      it('leaves the content as it was', async () => {
        const content = await put(bytes, fileName);
        const before = await stat(content.path);
        await sut.open(content, await sut.describe(content, {}, context), context);
        const after = await stat(content.path);
        expect([after.size, after.mtimeMs]).toEqual([before.size, before.mtimeMs]);
      });

      it('refuses an option that it does not know', async () => {
        const content = await put(bytes, fileName);
        await expect(sut.describe(content, { 'no such': 1 }, context)).rejects.toMatchObject({
          code: 'read-options-invalid',
        });
      });
    });

    it.each(samples.unreadable)('refuses $name within ten seconds', async ({ bytes }) => {
      const content = await put(bytes, 'data');
      const started = Date.now();
      const reading = async (): Promise<void> => {
        const description = await sut.describe(content, {}, context);
        const { sql } = await sut.open(content, description, context);
        try {
          await context.database.all(`SELECT * FROM ${sql}`);
        } catch (error) {
          if (!(await sut.relax?.(content, description, error, context))) throw error;
        }
      };
      await expect(reading()).rejects.toBeInstanceOf(UnreadableTableError);
      expect(Date.now() - started).toBeLessThan(10_000);
    });
  });
}
