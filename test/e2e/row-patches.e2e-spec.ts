import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { analysisApi, expectFailure } from '../support/analysis.js';
import { startTestApp, type TestApp } from '../support/app.js';
import { datasetsApi, move, put, remove, type VersionFile } from '../support/datasets.js';
import { jobsApi } from '../support/jobs.js';
import { compactsOf, patch, toCsv, type PatchedRow } from '../support/patched-table.js';
import { expectProblem } from '../support/problems.js';
import { tablesApi } from '../support/tables.js';

let app: TestApp;
let datasets: ReturnType<typeof datasetsApi>;
let tables: ReturnType<typeof tablesApi>;
let jobs: ReturnType<typeof jobsApi>;
let compacted: ReturnType<typeof compactsOf>;

beforeAll(async () => {
  app = await startTestApp({ WORKERS: '1' });
  datasets = datasetsApi(app);
  tables = tablesApi(app);
  jobs = jobsApi(app);
  compacted = compactsOf(app);
}, 120_000);
afterAll(async () => {
  await app.stop();
});

const ROWS: PatchedRow[] = [
  { id: 1, name: 'one', price: 1.5, day: '2024-01-01' },
  { id: 2, name: 'two', price: 2.5, day: '2024-01-02' },
  { id: 3, name: 'three', price: 3.5, day: '2024-01-03' },
];
const rowsOf = async (id: string, path: string, query = {}): Promise<unknown[]> =>
  (await tables.rows(id, { path, ...query })).items.map(({ row }) => row);
const fileAt = async (id: string, path: string, ref = 'latest'): Promise<VersionFile> =>
  (await datasets.files(id, ref, `prefix=${path}`))[0] as VersionFile;

describe('a commit with a patch', () => {
  it('changes the columns that it has, and says what has changed', async () => {
    const id = await tables.dataset({ 'a.csv': toCsv(ROWS), 'b.txt': 'b' });
    const before = await fileAt(id, 'a.csv');
    const edit = {
      upserts: [
        { id: 2, price: 9 },
        { id: 8, name: 'new' },
      ],
      deletes: [{ id: 3 }, { id: 77 }],
    };
    await datasets.commit(id, [patch('a.csv', edit)]);
    const changed = [
      ROWS[0],
      { ...ROWS[1], price: 9 },
      { id: 8, name: 'new', price: null, day: null },
    ];
    expect(await rowsOf(id, 'a.csv')).toEqual(changed);
    expect(await rowsOf(id, 'a.csv', {}).then((rows) => rows.length)).toBe(3);
    const after = await fileAt(id, 'a.csv');
    expect(after).toMatchObject({
      fileId: null,
      contentHash: null,
      patches: {
        count: 1,
        key: ['id'],
        inserts: 1,
        updates: 1,
        deletes: 1,
        baseFileId: before.fileId,
      },
    });
    expect((await tables.rows(id, { path: 'a.csv' }, '1')).items).toHaveLength(3);
    const { items } = await app.json<{ items: { kind: string; path: string }[] }>(
      200,
      `/v1/datasets/${id}/diff?base=1&head=2`,
    );
    expect(items).toMatchObject([{ kind: 'changed', path: 'a.csv' }]);
    const archive = await app.fetch(`/v1/datasets/${id}/versions/latest/archive`);
    await expectProblem(archive, 409, 'file-patched');
    await compacted(id, 'a.csv');
    const zip = await app.fetch(`/v1/datasets/${id}/versions/latest/archive`);
    expect(Buffer.from(await zip.arrayBuffer()).includes('8,new,,')).toBe(true);
  });

  it('may come as a line of NDJSON, and faults are told by its line', async () => {
    const id = await tables.dataset({ 'a.csv': toCsv(ROWS) });
    const send = (edit: object) =>
      app.fetch(`/v1/datasets/${id}/versions`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/x-ndjson' },
        body: `{"message":"lines"}\n${JSON.stringify(patch('a.csv', edit))}\n`,
      });
    const { errors } = await expectProblem(
      await send({ deletes: [{ id: 'x' }] }),
      400,
      'validation-failed',
    );
    expect(errors).toMatchObject([{ pointer: '/lines/2/deletes/0/id' }]);
    expect((await send({ deletes: [{ id: 1 }] })).status).toBe(201);
    expect(await rowsOf(id, 'a.csv')).toEqual(ROWS.slice(1));
  });

  it('outlives moves, restores and merges, and ends with a put', async () => {
    const id = await tables.dataset({ 'a.csv': toCsv(ROWS) });
    const gone = ROWS.slice(1);
    await app.json(201, `/v1/datasets/${id}/refs/side`, {
      method: 'PUT',
      headers: { 'If-None-Match': '*', 'Content-Type': 'application/json' },
      body: JSON.stringify({ kind: 'branch', version: 1 }),
    });
    await datasets.commit(id, [patch('a.csv', { deletes: [{ id: 1 }] })], { branch: 'side' });
    const merge = { source: 'side', target: 'main' };
    expect((await datasets.json('POST', `/v1/datasets/${id}/merge`, merge)).status).toBe(201);
    expect(await rowsOf(id, 'a.csv')).toEqual(gone);
    await datasets.commit(id, [move('a.csv', 'b.csv')]);
    expect(await rowsOf(id, 'b.csv')).toEqual(gone);
    await datasets.commit(id, [patch('b.csv', { deletes: [{ id: 2 }] })]);
    await datasets.commit(id, [put('b.csv', await datasets.upload(toCsv(ROWS)))]);
    expect(await rowsOf(id, 'b.csv')).toEqual(ROWS);
    expect((await fileAt(id, 'b.csv')).patches).toBeNull();
    expect((await datasets.json('POST', `/v1/datasets/${id}/versions/5/restore`, {})).status).toBe(
      201,
    );
    expect(await rowsOf(id, 'b.csv')).toEqual(ROWS.slice(2));
    await datasets.commit(id, [remove('b.csv')]);
  });

  it('is made anew when another has changed the table meanwhile', async () => {
    const id = await tables.dataset({ 'a.csv': toCsv(ROWS) });
    await Promise.all(
      ROWS.map(
        async (row) => await datasets.commit(id, [patch('a.csv', { deletes: [{ id: row.id }] })]),
      ),
    );
    expect(await rowsOf(id, 'a.csv')).toEqual([]);
    const late = await datasets.tryCommit(id, {
      parent: 1,
      changes: [patch('a.csv', { deletes: [{ id: 1 }] })],
    });
    await expectProblem(late, 412, 'parent-not-head');
  });

  let plain: string;
  beforeAll(async () => {
    plain = await tables.dataset({
      'a.csv': toCsv(ROWS),
      'b.txt': '\u0000\u0001 no table',
      'twice.csv': 'id,v\n1,a\n1,b\n,c\n2,d\n',
      'odd.csv': 'id,file_row_number\n1,2\n',
    });
  });

  it('is refused with all of its faults', async () => {
    const faultsOf = async (edit: object): Promise<string[]> => {
      const changes = [{ ...patch('a.csv', {}), ...edit }];
      const refused = await datasets.tryCommit(plain, { changes });
      const { errors } = await expectProblem(refused, 400, 'validation-failed');
      return (errors as { pointer: string }[]).map(({ pointer }) => pointer);
    };
    const upserts = [
      { id: 1, nome: 'unknown' },
      { name: 'no key' },
      { id: 2, price: '1.5', name: 1 },
      { id: 1.5 },
    ];
    const deletes = [{ id: null }, { id: 3, name: 'more than the key' }];
    expect(await faultsOf({ upserts, deletes })).toEqual([
      '/changes/0/upserts/0/nome',
      '/changes/0/upserts/1/id',
      '/changes/0/upserts/2/price',
      '/changes/0/upserts/2/name',
      '/changes/0/upserts/3/id',
      '/changes/0/deletes/0/id',
      '/changes/0/deletes/1/name',
    ]);
    const beyond = [{ id: 1, day: '2024-02-30' }, { id: '9223372036854775808' }];
    expect(await faultsOf({ upserts: beyond })).toEqual([
      '/changes/0/upserts/0/day',
      '/changes/0/upserts/1/id',
    ]);
    const twice = { upserts: [{ id: 1 }], deletes: [{ id: 2 }, { id: 1 }] };
    expect(await faultsOf(twice)).toEqual(['/changes/0/deletes/1']);
    expect(await faultsOf({ key: ['ID'], deletes: [{ ID: 1 }] })).toEqual(['/changes/0/key/0']);
    expect(await faultsOf({})).toEqual(['/changes/0']);
    expect(await faultsOf({ upserts: [1] })).toEqual(['/changes/0/upserts/0']);
    expect(await faultsOf({ key: [], deletes: [{ id: 1 }] })).toEqual(['/changes/0/key']);
  });

  it('is refused where it can not be', async () => {
    const tried = async (path: string, edit: object, key?: string[]) =>
      await datasets.tryCommit(plain, { changes: [patch(path, edit, key)] });
    const one = { deletes: [{ id: 1 }] };
    await expectProblem(await tried('none.csv', one), 409, 'path-absent');
    await expectProblem(await tried('b.txt', one), 422, 'not-tabular');
    await expectProblem(await tried('odd.csv', one), 422, 'patch-impossible');
    const { examples } = (await expectProblem(
      await tried('twice.csv', one),
      409,
      'patch-key-ambiguous',
    )) as unknown as { examples: unknown };
    expect(examples).toEqual([{ key: { id: 1 }, rows: 2 }]);
    const many = Array.from({ length: 100_001 }, (_, id) => ({ id }));
    await expectProblem(await tried('a.csv', { deletes: many }), 413, 'patch-too-large');
    const both = [patch('a.csv', one), remove('a.csv')];
    await expectProblem(
      await datasets.tryCommit(plain, { changes: both }),
      400,
      'validation-failed',
    );
    const job = await jobs.post({ kind: 'compact', source: { datasetId: plain, path: 'a.csv' } });
    await expectProblem(job, 400, 'validation-failed');
  });

  it('leaves rows alone whose key is null, and takes no other key later', async () => {
    await datasets.commit(plain, [patch('twice.csv', { deletes: [{ id: 2 }] })]);
    const left = [
      { id: 1, v: 'a' },
      { id: 1, v: 'b' },
      { id: null, v: 'c' },
    ];
    expect(await rowsOf(plain, 'twice.csv')).toEqual(left);
    const other = { changes: [patch('twice.csv', { deletes: [{ v: 'a' }] } as never, ['v'])] };
    const { errors } = await expectProblem(
      await datasets.tryCommit(plain, other),
      400,
      'validation-failed',
    );
    expect(errors).toMatchObject([{ pointer: '/changes/0/key' }]);
    const read = await tables.get(plain, 'rows', {
      path: 'twice.csv',
      options: '{"header":false}',
    });
    await expectProblem(read, 400, 'read-options-invalid');
    const job = await analysisApi(app).ended(
      'convert',
      { datasetId: plain, path: 'twice.csv' },
      { format: 'json', readOptions: { header: false } },
    );
    expectFailure(job, 'read-options-invalid');
  });
});
