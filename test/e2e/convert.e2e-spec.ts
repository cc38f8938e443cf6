import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ENV } from '../../src/core/config/config.js';
import { EXPORT_FORMATS, type ExportFormat } from '../../src/tabular/index.js';
import { analysisApi } from '../support/analysis.js';
import { startTestApp, type TestApp } from '../support/app.js';
import { addCaller } from '../support/callers.js';
import { datasetsApi, put } from '../support/datasets.js';
import { expectProblem } from '../support/problems.js';
import {
  readArrow,
  readCsv,
  readJsonLines,
  readParquet,
  type TextRow,
} from '../support/read-tables.js';
import { tablesApi } from '../support/tables.js';

let app: TestApp;
let api: ReturnType<typeof analysisApi>;
let tables: ReturnType<typeof tablesApi>;
beforeAll(async () => {
  app = await startTestApp({ WORKERS: '2' });
  api = analysisApi(app);
  tables = tablesApi(app);
});
afterAll(() => app.stop());

const READERS: Record<ExportFormat, (bytes: Buffer) => TextRow[] | Promise<TextRow[]>> = {
  parquet: readParquet,
  json: readJsonLines,
  arrow: readArrow,
  csv: readCsv,
};

const ORIGINAL = `id,name,amount,at,day,flag
1,"Zoë, ""the"" 猫",12345.67,2024-02-29 12:34:56,2024-02-29,true
9007199254740993,,-0.01,1969-12-31 23:59:59,1969-12-31,false
-9223372036854775808,"two
lines",0.00,2024-01-01 00:00:00,,
4,=1+1,,,2000-01-01,true
`;

describe('A converted table', () => {
  it('is the same in every format, by readers of others, round and back', async () => {
    const datasetId = await tables.dataset({ '0.csv': ORIGINAL });
    const expected = readCsv(Buffer.from(ORIGINAL));
    let path = '0.csv';
    for (const [place, format] of (['parquet', 'json', 'arrow', 'csv'] as const).entries()) {
      const job = await api.run('convert', { datasetId, path }, { format });
      const [output] = job.outputs;
      const bytes = await api.output(job, 'converted');
      expect([format, await READERS[format](bytes)]).toEqual([format, expected]);
      expect(await api.fileOf(job, 'converted')).toMatchObject({
        fileType: EXPORT_FORMATS[format].fileType,
        mimeType: EXPORT_FORMATS[format].mimeType,
        metadata: { analysis_type: 'convert', source_path: path, rows: 4, format, job_id: job.id },
      });
      path = `${place + 1}.${EXPORT_FORMATS[format].extension}`;
      await datasetsApi(app).commit(datasetId, [put(path, output?.fileId as number)]);
    }
    const original = await app.fetch(`/v1/datasets/${datasetId}/versions/1/content/0.csv`);
    expect(await original.text()).toBe(ORIGINAL);
  });

  it('has the columns and rows that were asked for, read as was said', async () => {
    const datasetId = await tables.dataset({ 'a.csv': 'n;t\n1;=x\n2;y\n3;\n' });
    const parameters = {
      format: 'csv',
      columns: ['t', 'n'],
      where: "n >= 2 or t like '=%'",
      guardFormulas: true,
      readOptions: { delimiter: ';' },
    };
    const job = await api.run('convert', { datasetId, path: 'a.csv' }, parameters);
    expect((await api.output(job, 'converted')).toString()).toBe("t,n\n'=x,1\ny,2\n,3\n");
    const none = await api.run(
      'convert',
      { datasetId, path: 'a.csv' },
      { format: 'json', where: 'n > 9' },
    );
    expect((await api.output(none, 'converted')).length).toBe(0);
    const zstd = { format: 'parquet', compression: 'zstd' };
    const parquet = await api.run('convert', { datasetId, path: 'a.csv' }, zstd);
    expect(await readParquet(await api.output(parquet, 'converted'))).toHaveLength(3);
  });

  it('is the same bytes on one thread and on several, of the file and of its rows kept as Parquet', async () => {
    const lines = Array.from(
      { length: 150_000 },
      (_, n) => `${n},${(n * 7919) % 1000},name ${n % 97} of many others`,
    );
    const datasetId = await tables.dataset({ 'big.csv': `id,k,name\n${lines.join('\n')}\n` });
    const source = { datasetId, path: 'big.csv' };
    const digests = async (): Promise<string[]> =>
      await Promise.all(
        (['parquet', 'csv', 'json', 'arrow'] as const).map(async (format) => {
          const job = await api.run('convert', source, { format, where: 'k <> 5' });
          return (await api.fileOf(job, 'converted')).contentHash;
        }),
      );
    const first = await digests();
    // Statistics make Parquet of text of this size, for whatever reads it next.
    await app.json(200, `/v1/datasets/${datasetId}/versions/latest/statistics?path=big.csv`, {
      headers: { Prefer: 'wait=50' },
    });
    const settings = app.app.get<{ ENGINE_THREADS: number }>(ENV, { strict: false });
    settings.ENGINE_THREADS = settings.ENGINE_THREADS === 1 ? 2 : 1;
    expect(await digests()).toEqual(first);
  }, 180_000);

  it('is refused for bad parameters, and fails for what its table has not', async () => {
    const datasetId = await tables.dataset({ 'a.csv': 'n,t\n1,x\n', 'a.txt': '\u0000\u0001' });
    const source = { datasetId, path: 'a.csv' };
    for (const [parameters, pointer] of [
      [{}, '/parameters/format'],
      [{ format: 'xlsx' }, '/parameters/format'],
      [{ format: 'csv', columns: [] }, '/parameters/columns'],
      [{ format: 'csv', columns: ['n', 'n'] }, '/parameters/columns'],
      [{ format: 'csv', compression: 'zstd' }, '/parameters/compression'],
      [{ format: 'parquet', guardFormulas: true }, '/parameters/guardFormulas'],
      [{ format: 'csv', colums: ['n'] }, '/parameters/colums'],
    ] as const) {
      const problem = await expectProblem(
        await api.submit('convert', source, parameters),
        400,
        'validation-failed',
      );
      expect(JSON.stringify(problem)).toContain(`"${pointer}`);
    }
    const where = await api.submit('convert', source, { format: 'csv', where: 'n >' });
    await expectProblem(where, 400, 'filter-invalid');
    await expectProblem(
      await api.submit('convert', { datasetId, path: 'b.csv' }, { format: 'csv' }),
      404,
      'path-not-found',
    );
    for (const [more, code] of [
      [{ columns: ['m'] }, 'column-unknown'],
      [{ where: 'm = 1' }, 'column-unknown'],
      [{ columns: ['n', 'N'] }, 'filter-invalid'],
    ] as const) {
      const job = await api.ended('convert', source, { format: 'csv', ...more });
      expect(job).toMatchObject({ status: 'failed', error: { code }, outputs: [] });
    }
    const other = await addCaller(app, 'eve');
    const stranger = await analysisApi(other).submit('convert', source, { format: 'csv' });
    await expectProblem(stranger, 404, 'dataset-not-found');
  });
});

describe('A result of SQL', () => {
  const files = { 'data/a.csv': 'k,n\nx,1\ny,2\nx,3\n', 'b.csv': 'k,m\nx,10\n' };

  it('is written whole, and is the same bytes each time', async () => {
    const lines = Array.from({ length: 30_000 }, (_, n) => `${(n * 31) % 20_011},${n / 7}`);
    const datasetId = await tables.dataset({ ...files, 'long.csv': `k,x\n${lines.join('\n')}\n` });
    const sql = 'SELECT k, sum(x) AS x, count(*) AS n FROM long GROUP BY k; -- of all';
    const job = await api.run('sql', { datasetId }, { sql, format: 'csv' });
    const again = await api.run('sql', { datasetId }, { sql, format: 'csv' });
    expect(await api.digests(again)).toEqual(await api.digests(job));
    const rows = readCsv(await api.output(job, 'result'));
    expect(rows).toHaveLength(20_011);
    expect(rows.reduce((sum, { n }) => sum + Number(n), 0)).toBe(30_000);
    expect(job['parameters']).toMatchObject({ reads: [{ path: 'long.csv' }] });
  });

  it('keeps every digit of decimals', async () => {
    const datasetId = await tables.dataset(files);
    const sql = "SELECT CAST('-12345678901234567.89' AS DECIMAL(20,2)) AS d, m FROM b";
    const arrow = await api.run('sql', { datasetId }, { sql, format: 'arrow' });
    const expected = [{ d: '-12345678901234567.89', m: '10' }];
    expect(readArrow(await api.output(arrow, 'result'))).toEqual(expected);
    const csv = await api.run('sql', { datasetId }, { sql, format: 'csv' });
    expect(readCsv(await api.output(csv, 'result'))).toEqual(expected);
  });

  it('joins files by path, name and stem, in any letters, and keeps its order', async () => {
    const datasetId = await tables.dataset(files);
    const sql = `WITH b AS (SELECT 1) SELECT A.k, a.n, c.m, n AS N FROM "data/a.csv" A, A.csv2 c`;
    await expectProblem(
      await api.submit('sql', { datasetId }, { sql, format: 'csv' }),
      400,
      'sql-refused',
    );
    const joined = `SELECT x.k, x.n, B.m FROM "data/a.csv" x JOIN B USING (k) JOIN b AS c USING (k) ORDER BY n DESC`;
    const job = await api.run('sql', { datasetId }, { sql: joined, format: 'json' });
    expect((await api.output(job, 'result')).toString()).toBe(
      '{"k":"x","n":3,"m":10}\n{"k":"x","n":1,"m":10}\n',
    );
  });

  it('is of no statement that may give something else each time', async () => {
    const datasetId = await tables.dataset(files);
    const volatile = [
      'random()',
      'now()',
      'current_date',
      'LOCALTIMESTAMP',
      'uuid()',
      "age(DATE '2020-01-01')",
    ];
    for (const value of volatile) {
      const answer = await api.submit(
        'sql',
        { datasetId },
        { sql: `SELECT ${value}`, format: 'csv' },
      );
      await expectProblem(answer, 400, 'sql-refused');
    }
    const sample = 'SELECT * FROM b USING SAMPLE 1';
    await expectProblem(
      await api.submit('sql', { datasetId }, { sql: sample, format: 'csv' }),
      400,
      'sql-refused',
    );
    const fixed = "SELECT age(DATE '2020-01-02', DATE '2020-01-01') AS a, b.k FROM b";
    expect((await api.ended('sql', { datasetId }, { sql: fixed, format: 'csv' })).status).toBe(
      'succeeded',
    );
  });

  it('is refused, or fails, with what is wrong with the statement', async () => {
    const datasetId = await tables.dataset(files);
    const submit = (sql: string, source: object = { datasetId }) =>
      api.submit('sql', source, { sql, format: 'csv' });
    await expectProblem(await submit('DROP TABLE b'), 400, 'sql-refused');
    await expectProblem(await submit('SELECT 1; SELECT 2'), 400, 'sql-refused');
    await expectProblem(await submit("SELECT * FROM read_csv('/etc/passwd')"), 400, 'sql-refused');
    await expectProblem(await submit('SELECT * FROM nowhere'), 404, 'table-unknown');
    await expectProblem(
      await submit('SELECT 1', { datasetId, path: 'b.csv' }),
      400,
      'validation-failed',
    );
    await expectProblem(
      await api.submit('sql', undefined, { sql: 'SELECT 1', format: 'csv' }),
      400,
      'validation-failed',
    );
    for (const sql of ['SELECT nothing FROM b', 'SELECT CAST(k AS INTEGER) FROM b', 'SELECT $1']) {
      const job = await api.ended('sql', { datasetId }, { sql, format: 'csv' });
      expect([sql, job.error?.code]).toEqual([sql, 'sql-failed']);
    }
  });
});
