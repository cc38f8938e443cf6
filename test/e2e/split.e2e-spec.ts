import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { analysisApi, expectFailure } from '../support/analysis.js';
import { startTestApp, type TestApp } from '../support/app.js';
import { addCaller } from '../support/callers.js';
import { datasetsApi, put } from '../support/datasets.js';
import { expectProblem } from '../support/problems.js';
import { readCsv, readParquet } from '../support/read-tables.js';
import { tablesApi } from '../support/tables.js';
import type { Job } from '../support/jobs.js';

let app: TestApp;
let api: ReturnType<typeof analysisApi>;
let tables: ReturnType<typeof tablesApi>;
beforeAll(async () => {
  app = await startTestApp({ WORKERS: '2' });
  api = analysisApi(app);
  tables = tablesApi(app);
});
afterAll(() => app.stop());

const ROWS = 1003;
const LINES = Array.from(
  { length: ROWS },
  (_, n) => `${n},${n % 3 === 0 ? '' : `kind ${n % 3}`},${n % 7}`,
);
const TABLE = `rowid,kind,n\n${LINES.join('\n')}\n`;

/** Lines of its outputs, without the names of columns. */
const linesOf = async (job: Job): Promise<Record<string, string[]>> =>
  Object.fromEntries(
    await Promise.all(
      job.outputs.map(async ({ name }): Promise<[string, string[]]> => {
        const text = (await api.output(job, name)).toString();
        return [name, text.trimEnd().split('\n').slice(1)];
      }),
    ),
  );

const sorted = (lines: readonly string[]): string[] => [...lines].sort();

describe('A split table', () => {
  it('is in order by rows and by files, and nothing is lost', async () => {
    const source = { datasetId: await tables.dataset({ 'a.csv': TABLE }), path: 'a.csv' };
    const byRows = await linesOf(
      await api.run('split', source, { rowsPerFile: 250, format: 'csv' }),
    );
    expect(Object.entries(byRows).map(([name, { length }]) => [name, length])).toEqual([
      ['part-1', 250],
      ['part-2', 250],
      ['part-3', 250],
      ['part-4', 250],
      ['part-5', 3],
    ]);
    expect(Object.values(byRows).flat()).toEqual(LINES);
    const byFiles = await linesOf(await api.run('split', source, { files: 4, format: 'csv' }));
    expect(Object.values(byFiles).map(({ length }) => length)).toEqual([251, 251, 251, 250]);
    expect(Object.values(byFiles).flat()).toEqual(LINES);
  });

  it('is by shares as the seed says, with counts that are exact, and each row once', async () => {
    const source = { datasetId: await tables.dataset({ 'a.csv': TABLE }), path: 'a.csv' };
    const parameters = {
      shares: { train: 0.7, validation: 0.2, test: 0.1 },
      seed: 5,
      format: 'csv',
    };
    const job = await api.run('split', source, parameters);
    const parts = await linesOf(job);
    expect(Object.entries(parts).map(([name, { length }]) => [name, length])).toEqual([
      ['test', 100],
      ['train', 702],
      ['validation', 201],
    ]);
    expect(sorted(Object.values(parts).flat())).toEqual(sorted(LINES));
    expect(await api.digests(await api.run('split', source, parameters))).toEqual(
      await api.digests(job),
    );
    const other = await linesOf(await api.run('split', source, { ...parameters, seed: 6 }));
    const both = new Set(parts['test']);
    // Of 100 in each, chosen apart, 10 are expected in both; 36 would be 10 standard deviations.
    expect(other['test']?.filter((line) => both.has(line)).length).toBeLessThan(36);
    expect(await api.fileOf(job, 'test')).toMatchObject({
      metadata: { analysis_type: 'split', seed: 5, share: 0.1, rows: 100, parts: 3 },
    });
  });

  it('has a file for each value, missing ones too, and joins to the same rows again', async () => {
    const datasetId = await tables.dataset({ 'a.csv': TABLE });
    const job = await api.run(
      'split',
      { datasetId, path: 'a.csv' },
      { column: 'kind', format: 'parquet' },
    );
    expect(job.outputs.map(({ name }) => name)).toEqual(['part-1', 'part-2', 'null']);
    expect(await api.fileOf(job, 'part-1')).toMatchObject({
      metadata: { column: 'kind', value: 'kind 1' },
    });
    const nulls = await readParquet(await api.output(job, 'null'));
    expect([nulls.length, ...new Set(nulls.map(({ kind }) => kind))]).toEqual([335, null]);
    await datasetsApi(app).commit(
      datasetId,
      job.outputs.map(({ name, fileId }) => put(`parts/${name}.parquet`, fileId)),
    );
    const joined = await api.run('concatenate', { datasetId, path: 'parts/' }, { format: 'csv' });
    expect(sorted(Object.values(await linesOf(joined)).flat())).toEqual(sorted(LINES));
  });

  it('is refused, or fails, with what can not be', async () => {
    const lines = Array.from({ length: 201 }, (_, n) => String(n)).join('\n');
    const datasetId = await tables.dataset({ 'a.csv': `n\n${lines}\n`, 'none.csv': 'n,m\n' });
    const source = { datasetId, path: 'a.csv' };
    for (const [more, pointer] of [
      [{}, '/parameters'],
      [{ rowsPerFile: 0 }, '/parameters/rowsPerFile'],
      [{ files: 201 }, '/parameters/files'],
      [{ files: 2, rowsPerFile: 2 }, '/parameters'],
      [{ files: 2, seed: 1 }, '/parameters/seed'],
      [{ shares: { a: 0.5, b: 0.4 } }, '/parameters/shares'],
      [{ shares: { a: 2 } }, '/parameters/shares/a'],
      [{ shares: { 'a/b': 1 } }, '/parameters/shares/a~1b'],
    ] as const) {
      const answer = await api.submit('split', source, { format: 'csv', ...more });
      const problem = await expectProblem(answer, 400, 'validation-failed');
      expect(JSON.stringify(problem)).toContain(`"${pointer}"`);
    }
    const ended = (path: string, more: object): Promise<Job> =>
      api.ended('split', { datasetId, path }, { format: 'csv', ...more });
    const many = await ended('a.csv', { rowsPerFile: 1 });
    expect(expectFailure(many, 'too-many-outputs')).toContain('201 files');
    const values = await ended('a.csv', { column: 'n' });
    expect(expectFailure(values, 'too-many-outputs')).toContain('more than 200');
    const unknown = await ended('a.csv', { column: 'm' });
    expect(expectFailure(unknown, 'column-unknown')).toContain('n');
    const none = await ended('none.csv', { files: 1 });
    expect(expectFailure(none, 'too-few-rows')).toContain('no rows');
    const nothing = await ended('none.csv', { column: 'n' });
    expect(expectFailure(nothing, 'too-few-rows')).toContain('no rows');
  });
});

describe('Files as one table', () => {
  it('are joined by names of columns, of the widest types, with their paths where asked for', async () => {
    const one = await tables.dataset({ 'x/a.csv': 'id,n\n1,2\n', 'x/b.csv': 'n,id,t\n2.5,3,u\n' });
    const two = await tables.dataset({ 'c.jsonl': '{"t":"v","id":9007199254740993}\n' });
    const job = await api.run(
      'concatenate',
      { datasetId: one, path: 'x/' },
      { sources: [{ datasetId: two, path: 'c.jsonl' }], sourceColumn: 'source', format: 'csv' },
    );
    expect(readCsv(await api.output(job, 'concatenated'))).toEqual([
      { source: 'x/a.csv', id: '1', n: '2', t: null },
      { source: 'x/b.csv', id: '3', n: '2.5', t: 'u' },
      { source: 'c.jsonl', id: '9007199254740993', n: null, t: 'v' },
    ]);
    expect(job['inputDigests']).toHaveLength(1);
    const versions = {
      sources: [{ datasetId: one, path: 'x/a.csv' }],
      sourceColumn: 'from',
      format: 'json',
    };
    const twice = await api.run('concatenate', { datasetId: one, path: 'x/a.csv' }, versions);
    expect((await api.output(twice, 'concatenated')).toString()).toBe(
      `{"from":"${one}@1/x/a.csv","id":1,"n":2}\n`.repeat(2),
    );
  });

  it('are named when their types are apart, or one is no table', async () => {
    const datasetId = await tables.dataset({
      'x/a.csv': 'id,day\n1,2020-01-01\n',
      'x/b.csv': 'id,day\n1,2020-01-01\n',
      'x/c.csv': 'id,day\n1,true\n',
      'y/a.csv': 'id\n1\n',
      'z/a.csv': 'id\n9007199254740993\n',
      'z/b.csv': 'id\n0.5\n',
      'y/b.png': '\u0089PNG\r\n',
    });
    const apart = await api.ended('concatenate', { datasetId, path: 'x/' }, { format: 'csv' });
    expect(expectFailure(apart, 'schemas-apart')).toMatch(/x\/c\.csv \(day: BOOLEAN, not DATE\)/);
    const lossy = await api.ended('concatenate', { datasetId, path: 'z/' }, { format: 'csv' });
    expect(lossy.error?.detail).toMatch(/z\/a.csv \(id: whole numbers beyond 2\^53, not DOUBLE\)/);
    const noTable = await api.ended('concatenate', { datasetId, path: 'y/' }, { format: 'csv' });
    expect(noTable.error).toMatchObject({ code: 'not-tabular' });
    const taken = { format: 'csv', sourceColumn: 'ID' };
    const job = await api.ended('concatenate', { datasetId, path: 'y/a.csv' }, taken);
    expect(expectFailure(job, 'column-taken')).toContain('ID');
  });

  it('are those that the caller may read, and at least one', async () => {
    const datasetId = await tables.dataset({ 'a.csv': 'a\n1\n' });
    const eve = await addCaller(app, 'eve');
    const parameters = { sources: [{ datasetId, path: 'a.csv' }], format: 'csv' };
    const stranger = await analysisApi(eve).submit('concatenate', undefined, parameters);
    await expectProblem(stranger, 404, 'dataset-not-found');
    for (const [sources, pointer] of [
      [undefined, '/parameters/sources'],
      [[{ datasetId }], '/parameters/sources/0/path'],
      [[{ path: 'a.csv' }], '/parameters/sources/0/datasetId'],
    ] as const) {
      const answer = await api.submit('concatenate', undefined, { sources, format: 'csv' });
      const problem = await expectProblem(answer, 400, 'validation-failed');
      expect(JSON.stringify(problem)).toContain(`"${pointer}"`);
    }
  });
});
