import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startTestApp, type TestApp } from '../support/app.js';
import { datasetsApi, put } from '../support/datasets.js';
import { workingChild } from '../support/engine-children.js';
import { expectProblem } from '../support/problems.js';
import { tablesApi, type QueryAnswer } from '../support/tables.js';

/** Reads a table and does not end by itself. */
const ENDLESS =
  'SELECT sum(a.range * b.range + n.v) FROM numbers n, range(10000000) a, range(10000000) b';

let app: TestApp;
let tables: ReturnType<typeof tablesApi>;

/** Where a deadline is not what is tested it is long, for machines that have other work. */
function withEngine(deadlineSeconds: number): void {
  beforeAll(async () => {
    app = await startTestApp({
      ENGINE_PROCESSES: '1',
      ENGINE_QUEUE_PER_USER: '1',
      ENGINE_MEMORY_BYTES: String(512 * 1024 ** 2),
      ENGINE_TEMP_BYTES: String(1024 ** 2),
      QUERY_DEADLINE_SECONDS: String(deadlineSeconds),
    });
    tables = tablesApi(app);
  });
  afterAll(() => app.stop());
}

/** Each its own content, so that none is blamed for another. */
const numbers = async (): Promise<string> =>
  await tables.dataset({ 'numbers.csv': `v\n1\n${Math.random()}\n` });

/** That the engine goes on. */
async function expectAnswer(dataset: string): Promise<void> {
  const answer = await tables.query(dataset, 'SELECT count(*) AS n FROM numbers');
  expect(((await answer.json()) as QueryAnswer).rows).toEqual([{ n: 2 }]);
}

describe('work that takes longer than it may', () => {
  withEngine(5);

  it('ends at its deadline, while what is over the queue is told to come back', async () => {
    const dataset = await numbers();
    const endless = tables.query(dataset, ENDLESS);
    await workingChild(app);
    const others = await Promise.all([
      tables.query(dataset, 'SELECT count(*) AS n FROM numbers'),
      tables.query(dataset, 'SELECT count(*) AS n FROM numbers'),
    ]);
    const busy = others.find(({ status }) => status !== 200) ?? null;
    const { headers } = busy ?? {};
    expect(others.map(({ status }) => status).sort((a, b) => a - b)).toEqual([200, 503]);
    expect(Number(headers?.get('retry-after'))).toBeGreaterThan(0);
    await expectProblem(busy, 503, 'engine-busy');
    await expectProblem(await endless, 422, 'engine-deadline');
  });
});

describe('work that is more than it may be', () => {
  withEngine(55);

  it('ends at its memory', async () => {
    const dataset = await numbers();
    await expectProblem(
      await tables.query(
        dataset,
        "SELECT max(length(repeat('x', 400000000) || v || range)) FROM numbers, range(30)",
      ),
      422,
      'engine-memory',
    );
    await expectAnswer(dataset);
  });

  it('ends at its temporary files', async () => {
    const dataset = await numbers();
    await expectProblem(
      await tables.query(
        dataset,
        "SELECT count(*) FROM (SELECT DISTINCT repeat('x', 1000) || range FROM range(20000000))",
      ),
      422,
      'engine-disk',
    );
    await expectAnswer(dataset);
  });

  it('is a table of too many files', async () => {
    const fileId = await datasetsApi(app).upload('v\n1\n');
    const { id } = await datasetsApi(app).create({ name: 'Many' });
    const changes = Array.from({ length: 1001 }, (_, place) => put(`many/${place}.csv`, fileId));
    await datasetsApi(app).commit(id, changes);
    const rows = await tables.get(id, 'rows', { path: 'many/' });
    await expectProblem(rows, 422, 'too-many-tables');
    await expectProblem(await tables.query(id, 'SELECT 1'), 422, 'too-many-tables');
  });
});

describe('a process that ends unexpectedly', () => {
  withEngine(55);

  it('fails one request, and after three times the content is not tried again', async () => {
    const [bad, good] = [await numbers(), await numbers()];
    for (let death = 0; death < 3; death++) {
      const answer = tables.query(bad, ENDLESS);
      process.kill((await workingChild(app)).pid, 'SIGKILL');
      await expectProblem(await answer, 422, 'engine-crashed');
    }
    await expectProblem(await tables.query(bad, ENDLESS), 422, 'content-quarantined');
    const rows = await tables.get(bad, 'rows', { path: 'numbers.csv' });
    await expectProblem(rows, 422, 'content-quarantined');
    await expectAnswer(good);
  });
});
