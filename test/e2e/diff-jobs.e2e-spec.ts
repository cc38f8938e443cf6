import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { analysisApi } from '../support/analysis.js';
import { startTestApp, type TestApp } from '../support/app.js';
import { datasetsApi } from '../support/datasets.js';
import { csvOf, editedTables, jsonLinesOf } from '../support/edited-tables.js';
import { expectProblem } from '../support/problems.js';
import { tablesApi } from '../support/tables.js';
import { addCaller } from '../support/callers.js';

const { base, head, edits } = editedTables(21);

let app: TestApp;
let analysis: ReturnType<typeof analysisApi>;
let before: string;
let after: string;

beforeAll(async () => {
  app = await startTestApp({ WORKERS: '2' });
  analysis = analysisApi(app);
  const tables = tablesApi(app);
  before = await tables.dataset({ 'a.csv': csvOf(base), 'twice.csv': 'id\n1\n1\n' });
  after = await tables.dataset({ 'b.jsonl': jsonLinesOf(head), 'twice.csv': 'id\n1\n2\n' });
  // The first process of the engine takes a while to start.
  await tables.rows(before, { path: 'a.csv' });
});
afterAll(() => app.stop());

const headSource = () => ({ datasetId: after, path: 'b.jsonl' });
const baseSource = () => ({ datasetId: before, ref: '1', path: 'a.csv' });

describe('A job that compares two files', () => {
  it('makes a table of the changes and a summary, of files of two datasets', async () => {
    const job = await analysis.run('diff', headSource(), { base: baseSource(), key: 'id' });
    expect(job.outputs.map(({ name }) => name)).toEqual(['changes', 'summary']);
    expect(job['inputDigests']).toHaveLength(2);
    const summary = JSON.parse((await analysis.output(job, 'summary')).toString()) as object;
    const of = (change: string): number => edits.filter((edit) => edit.change === change).length;
    const counts = {
      inserted: of('inserted'),
      updated: of('updated'),
      deleted: of('deleted'),
      unchanged: base.length - of('updated') - of('deleted'),
    };
    expect(summary).toMatchObject({ key: ['id'], counts });
    expect((await analysis.fileOf(job, 'changes')).metadata).toMatchObject({
      analysis_type: 'diff',
      source_dataset_id: after,
      base_dataset_id: before,
      base_path: 'a.csv',
      counts,
    });

    // The changes are a table as any other.
    const fileId = job.outputs[0]?.fileId as number;
    const { id } = await datasetsApi(app).create({
      name: 'Changes',
      files: [{ path: 'changes.parquet', fileId }],
    });
    const { items } = await tablesApi(app).rows(id, { path: 'changes.parquet', limit: '1000' });
    const found = items.map(({ row }) => [
      row['change'],
      row['id'],
      row['t.before'],
      row['t.after'],
    ]);
    const cellOf = (edit: (typeof edits)[number], when: 'before' | 'after'): unknown => {
      if (edit.change === 'updated') return edit.cells?.['t']?.[when] ?? null;
      return (edit.change === 'inserted') === (when === 'after') ? edit.row?.['t'] : null;
    };
    expect(found).toEqual(
      edits.map((edit) => [edit.change, edit.id, cellOf(edit, 'before'), cellOf(edit, 'after')]),
    );
  });

  it('shares its result with pages of the same contents, and gives the same bytes again', async () => {
    const parameters = { base: baseSource(), key: ['id'] };
    const [one, other] = [
      await analysis.run('diff', headSource(), parameters),
      await analysis.run('diff', headSource(), { ...parameters, format: 'csv' }),
    ];
    const [digests, others] = [await analysis.digests(one), await analysis.digests(other)];
    expect(others['summary']).toBe(digests['summary']);
    const lines = (await analysis.output(other, 'changes')).toString().trimEnd().split('\n');
    expect(lines[0]).toContain('change,changed_columns,id,n.before,n.after');
    const kept = await app.database.query(
      `SELECT FROM derived_results WHERE kind = 'row-diff' AND array_length(source_hashes, 1) = 2`,
    );
    expect(kept).toHaveLength(1);
    await app.database.query(`DELETE FROM derived_results WHERE kind LIKE 'row-diff%'`);
    expect(await analysis.digests(await analysis.run('diff', headSource(), parameters))).toEqual(
      digests,
    );
  });

  it('has the base in the same dataset and path unless it says otherwise', async () => {
    const datasets = datasetsApi(app);
    const id = await tablesApi(app).dataset({ 'a.csv': 'old,v\n1,1\n' });
    const fileId = await datasets.upload('new,v\n1,2\n', 'a.csv');
    await datasets.commit(id, [{ op: 'put', path: 'a.csv', fileId }]);
    const job = await analysis.run(
      'diff',
      { datasetId: id, path: 'a.csv' },
      { base: { ref: '1' }, key: 'new', renames: { old: 'new' } },
    );
    const summary = JSON.parse((await analysis.output(job, 'summary')).toString()) as object;
    expect(summary).toMatchObject({
      counts: { inserted: 0, updated: 1, deleted: 0, unchanged: 0 },
      columns: { renamed: [{ from: 'old', to: 'new' }] },
    });
  });

  it('is refused where it can not be, or ends with the reason', async () => {
    const refused = async (
      parameters: object,
      status: number,
      code: string,
      source: object = headSource(),
    ) => await expectProblem(await analysis.submit('diff', source, parameters), status, code);
    const from = baseSource();
    await refused({}, 400, 'validation-failed');
    await refused({ base: 'a.csv' }, 400, 'validation-failed');
    await refused({ base: from, key: [] }, 400, 'validation-failed');
    await refused({ base: from, key: 'id', tolerance: -1 }, 400, 'validation-failed');
    await refused({ base: from, key: 'id', tolerance: 'NaN' }, 400, 'validation-failed');
    await refused({ base: from, tolerance: 1 }, 400, 'validation-failed');
    await refused({ base: from, renames: { a: 1 } }, 400, 'validation-failed');
    await refused({ base: from, format: 'xml' }, 400, 'validation-failed');
    await refused({ base: from, keys: ['id'] }, 400, 'validation-failed');
    await refused({ base: from }, 400, 'validation-failed', { datasetId: after });
    const missing = await refused({ base: { ...from, path: 'x.csv' } }, 404, 'path-not-found');
    expect(missing).toMatchObject({
      detail: 'There is no file at x.csv in the base, version 1.',
    });
    await refused({ base: { ...from, datasetId: 'nowhere' } }, 404, 'dataset-not-found');

    const twice = await analysis.ended(
      'diff',
      { datasetId: after, path: 'twice.csv' },
      { base: { datasetId: before }, key: 'id' },
    );
    expect([twice.status, twice.error?.code]).toEqual(['failed', 'key-not-unique']);
    const unknown = await analysis.ended('diff', headSource(), { base: from, key: 'nowhere' });
    expect([unknown.status, unknown.error?.code]).toEqual(['failed', 'column-unknown']);
  });

  it("reads no base that its caller can't", async () => {
    const api = await addCaller(app, 'Bo');
    const own = await tablesApi(api).dataset({ 'a.csv': 'id\n1\n' });
    const answer = await analysisApi(api).submit(
      'diff',
      { datasetId: own, path: 'a.csv' },
      { base: baseSource(), key: 'id' },
    );
    await expectProblem(answer, 404, 'dataset-not-found');
  });
});
