import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startTestApp, type TestApp } from '../support/app.js';
import { IS_FULL, some } from '../support/hardening/tables.js';
import { expectProblem } from '../support/problems.js';
import { PLAINLY_REFUSED_SQL, REFUSED_SQL } from '../support/refused-sql.js';
import { tablesApi, type QueryAnswer } from '../support/tables.js';

/** Of each kind, in the short run, beside the plain ones. */
const SAMPLE = 45;
const AT_A_TIME = 4;

let app: TestApp;
let tables: ReturnType<typeof tablesApi>;
let dataset: string;
/** Whoever writes a file where the statement says does it here. */
let open: string;

beforeAll(async () => {
  app = await startTestApp();
  tables = tablesApi(app);
  dataset = await tables.dataset({ 'weather.csv': 'date,wind\n2012-01-01,4.7\n2012-01-02,4.5\n' });
  open = mkdtempSync(join(tmpdir(), 'stratum-open-'));
});
afterAll(async () => {
  rmSync(open, { recursive: true, force: true });
  await app.stop();
});

/** Everything below the data folder but what the engine works in, and the head that the audit log seals. */
const kept = (): string[] =>
  readdirSync(app.env.STRATUM_DATA_DIR, { recursive: true })
    .map(String)
    .filter((path) => !/^(engine|audit-head)/.test(path))
    .sort();

/** What was answered to these in another way than with one of three refusals. */
async function unrefused(statements: readonly string[]): Promise<string[]> {
  const faults: string[] = [];
  const waiting = [...statements];
  const work = async (): Promise<void> => {
    for (let sql = waiting.pop(); sql !== undefined; sql = waiting.pop()) {
      const response = await tables.query(dataset, sql.replaceAll('{dir}', open));
      const text = await response.text();
      const { code = null } = JSON.parse(text) as { code?: string };
      const isRefused = ['sql-refused', 'table-unknown', 'sql-failed', 'validation-failed'];
      const status = code === 'table-unknown' ? 404 : 400;
      if (response.status !== status || !isRefused.includes(code ?? '')) {
        faults.push(`${sql}: ${response.status} ${text.slice(0, 300)}`);
      }
    }
  };
  await Promise.all(Array.from({ length: AT_A_TIME }, work));
  return faults;
}

describe('statements that do more than read the files of a version', () => {
  it('are refused, by the hundred, and leave nothing behind', async () => {
    const all = Object.values(REFUSED_SQL);
    const tried = IS_FULL
      ? all.flat()
      : [...PLAINLY_REFUSED_SQL, ...all.flatMap((of) => some(SAMPLE, of))];
    expect(tried.length).toBeGreaterThan(300);
    const before = kept();
    expect(await unrefused(tried)).toEqual([]);
    expect(kept()).toEqual(before);
    expect(readdirSync(open)).toEqual([]);
    expect((await app.fetch('/health/live')).status).toBe(200);
    const answer = await tables.query(dataset, 'SELECT count(*) AS n FROM weather');
    expect(((await answer.json()) as QueryAnswer).rows).toEqual([{ n: 2 }]);
  }, 900_000);

  it('are told apart from mistakes', async () => {
    await expectProblem(await tables.query(dataset, 'DROP VIEW weather'), 400, 'sql-refused');
    await expectProblem(await tables.query(dataset, 'SELECT 1; SELECT 2'), 400, 'sql-refused');
    await expectProblem(await tables.query(dataset, 'FROM duckdb_views'), 404, 'table-unknown');
    await expectProblem(await tables.query(dataset, 'SELECT 1 + [2]'), 400, 'sql-failed');
  });
});

describe('statements that only look like it', () => {
  it.each<[sql: string, row: unknown]>([
    ["SELECT 'DROP TABLE t; --' AS a -- ; DROP VIEW weather", { a: 'DROP TABLE t; --' }],
    ['/* COPY */ SELECT count(*) AS "COPY" FROM weather;', { COPY: 2 }],
    ["SELECT $$read_text('/etc/passwd')$$ AS a", { a: "read_text('/etc/passwd')" }],
    ['WITH weather AS (SELECT max(wind) AS m FROM weather) SELECT m FROM weather', { m: 4.7 }],
    ['WITH a AS (SELECT 1 AS n), b AS (SELECT n + 1 AS n FROM A) SELECT n FROM B', { n: 2 }],
    [
      'WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r WHERE n < 5) SELECT max(n) AS n FROM r',
      { n: 5 },
    ],
    ['WITH duckdb_views AS (SELECT 3 AS n) SELECT (SELECT n FROM duckdb_views) AS n', { n: 3 }],
    ['SELECT sum(generate_series) AS n FROM generate_series(1, 3)', { n: 6 }],
    ['SELECT n FROM (SELECT unnest([7]) AS n)', { n: 7 }],
    ['SELECT\u200b8\u00a0AS\u2003n', { n: 8 }],
  ])('are carried out: %s', async (sql, row) => {
    const answer = (await (await tables.query(dataset, sql)).json()) as QueryAnswer;
    expect(answer.rows).toEqual([row]);
  });
});
