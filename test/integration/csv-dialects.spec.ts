import { readdir, readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { sampleOf } from '../support/csv-corpus/corpus.js';
import { contentOf, faultOf, readByDuckDb, readByUs } from '../support/csv-corpus/reading.js';
import { duckDbForTests, type DuckDbForTests } from '../support/duckdb.js';

/** `TABLES=full` reads thousands; seeds are the same in each run. */
const FILES = process.env.TABLES === 'full' ? 3000 : 60;
const VEGA = new URL('../../node_modules/vega-datasets/data/', import.meta.url).pathname;

describe('CSV files of all kinds', () => {
  let context: DuckDbForTests;

  beforeAll(async () => {
    context = await duckDbForTests();
  });
  afterAll(() => context.close());

  it(
    'are read as what they are, by far more often than by DuckDB alone',
    async () => {
      const right = { ours: 0, defaults: 0, lenient: 0 };
      const faults: string[] = [];
      const isRight = async (reading: () => Promise<string | null>): Promise<string | null> =>
        reading().catch((error: unknown) => String(error).slice(0, 200));
      for (let seed = 1; seed <= FILES; seed += 1) {
        const truth = sampleOf(seed);
        const content = await contentOf(`${context.folder}/${seed}`, truth.bytes);
        const ours = await isRight(async () => faultOf(await readByUs(context, content), truth));
        if (ours === null) right.ours += 1;
        else faults.push(`${ours}: ${JSON.stringify(truth.traits)}`);
        for (const [mode, isLenient] of [
          ['defaults', false],
          ['lenient', true],
        ] as const) {
          const fault = await isRight(async () =>
            faultOf(await readByDuckDb(context, content.path, isLenient), truth),
          );
          if (fault === null) right[mode] += 1;
        }
      }
      const share = (count: number): string => `${((100 * count) / FILES).toFixed(1)} %`;
      console.log(
        `Of ${FILES} CSV files, read exactly: ours ${share(right.ours)}, DuckDB ${share(right.defaults)}, DuckDB lenient ${share(right.lenient)}\n${faults.slice(0, 40).join('\n')}`,
      );
      expect(right.ours / FILES).toBeGreaterThanOrEqual(0.97);
      expect(right.ours).toBeGreaterThan(right.defaults + FILES / 10);
      expect(right.ours).toBeGreaterThan(right.lenient + FILES / 10);
    },
    FILES * 2000,
  );

  it('of vega-datasets are read as DuckDB reads them, in place', async () => {
    const files = (await readdir(VEGA)).filter((file) => /\.[ct]sv$/.test(file));
    expect(files.length).toBeGreaterThan(20);
    for (const file of files) {
      const content = await contentOf(`${context.folder}/vega`, await readFile(VEGA + file), file);
      const { names, rows } = await readByUs(context, content);
      const wanted = await readByDuckDb(context, content.path, false);
      expect([file, names, rows.length]).toEqual([file, wanted.names, wanted.rows.length]);
      const differs = rows.findIndex((row, at) => row.join('\0') !== wanted.rows[at]!.join('\0'));
      expect([file, rows[differs]]).toEqual([file, wanted.rows[differs]]);
    }
  });
});
