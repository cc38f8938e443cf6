import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startTestApp, type TestApp } from '../support/app.js';
import { expectProblem } from '../support/problems.js';
import { tablesApi, type QueryAnswer } from '../support/tables.js';
import { DAYS, WEATHER } from '../support/weather.js';

let app: TestApp;
let tables: ReturnType<typeof tablesApi>;
let dataset: string;

beforeAll(async () => {
  app = await startTestApp();
  tables = tablesApi(app);
  dataset = await tables.dataset({ 'weather.csv': WEATHER });
}, 120_000);
afterAll(async () => {
  await app.stop();
});

describe('statistics', () => {
  it('are of the whole file, and the same again', async () => {
    const read = async (): Promise<{ rowCount: number; columns: { name: string }[] }> =>
      (await (await tables.get(dataset, 'statistics', { path: 'weather.csv' })).json()) as never;
    const first = await read();
    const max = DAYS.map(({ temp_max }) => temp_max);
    expect(first.rowCount).toBe(DAYS.length);
    const column = first.columns.find(({ name }) => name === 'temp_max');
    expect(column).toMatchObject({
      min: Math.min(...max),
      max: Math.max(...max),
      nulls: { count: 0 },
    });
    expect(await read()).toEqual(first);
  });
});

describe('SQL', () => {
  it('reads files of the version by path, by name, and several at once', async () => {
    const answer = (await (
      await tables.query(
        dataset,
        `SELECT w.weather, count(*) AS days FROM "weather.csv" w JOIN weather v USING (date)
         GROUP BY 1 ORDER BY days DESC, 1`,
      )
    ).json()) as QueryAnswer;
    const counts = new Map<string, number>();
    for (const { weather } of DAYS) counts.set(weather ?? '', (counts.get(weather ?? '') ?? 0) + 1);
    const wanted = [...counts].map(([weather, days]) => ({ weather, days }));
    expect(answer.rows).toEqual(wanted.sort((a, b) => b.days - a.days));
    expect(answer).toMatchObject({ rowCount: { value: 5, kind: 'exact' }, truncatedBy: null });
  });

  it('says where its answer was cut', async () => {
    const answer = (await (
      await tables.query(dataset, 'SELECT * FROM weather', { limit: 3 })
    ).json()) as QueryAnswer;
    expect(answer).toMatchObject({ rowCount: { value: 3, kind: 'atLeast' }, truncatedBy: 'rows' });
  });

  it('tells of tables that are not there, and of mistakes', async () => {
    await expectProblem(await tables.query(dataset, 'SELECT * FROM nobody'), 404, 'table-unknown');
    await expectProblem(
      await tables.query(dataset, 'SELECT nothing FROM weather'),
      400,
      'sql-failed',
    );
  });
});

describe('exports', () => {
  it('are read back as the same table', async () => {
    for (const format of ['parquet', 'csv', 'json']) {
      const where = 'temp_max > 30';
      const response = await tables.get(dataset, 'export', { path: 'weather.csv', format, where });
      const bytes = Buffer.from(await response.arrayBuffer());
      expect(response.status).toBe(200);
      const extension = format === 'json' ? 'jsonl' : format;
      const id = await tables.dataset({ [`again.${extension}`]: bytes });
      const { items } = await tables.rows(id, { path: `again.${extension}`, limit: '1000' });
      expect([format, items.map(({ row }) => row)]).toEqual([
        format,
        DAYS.filter(({ temp_max }) => temp_max > 30),
      ]);
    }
  });

  it('guard cells that a spreadsheet would carry out, when asked to', async () => {
    const id = await tables.dataset({ 'a.csv': 't,n\n=1+1,1\n@SUM(A1),2\nplain,3\n' });
    const as = async (guardFormulas: string): Promise<string> =>
      await (
        await tables.get(id, 'export', { path: 'a.csv', format: 'csv', guardFormulas })
      ).text();
    expect(await as('false')).toBe('t,n\n=1+1,1\n@SUM(A1),2\nplain,3\n');
    expect(await as('true')).toBe("t,n\n'=1+1,1\n'@SUM(A1),2\nplain,3\n");
  });

  it('have ranges and an ETag like any content', async () => {
    const path = `/v1/datasets/${dataset}/versions/1/export?path=weather.csv&format=csv`;
    const whole = await app.fetch(path);
    const text = await whole.text();
    const part = await app.fetch(path, { headers: { Range: 'bytes=0-9' } });
    expect([part.status, await part.text()]).toEqual([206, text.slice(0, 10)]);
    const etag = whole.headers.get('etag') ?? '';
    expect((await app.fetch(path, { headers: { 'If-None-Match': etag } })).status).toBe(304);
  });
});
