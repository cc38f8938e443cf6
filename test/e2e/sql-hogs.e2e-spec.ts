import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startTestApp, type TestApp } from '../support/app.js';
import { largestChildBytes } from '../support/engine-children.js';
import { IS_FULL, some } from '../support/hardening/tables.js';
import { SQL_HOGS } from '../support/sql-hogs.js';
import { tablesApi, type QueryAnswer } from '../support/tables.js';

const DEADLINE_SECONDS = 2;
/** For looking at the statement, for a new process, and for other work on the machine. */
const SLACK_SECONDS = 20;
const GIB = 1024 ** 3;

let app: TestApp;
let tables: ReturnType<typeof tablesApi>;
let dataset: string;
const outcomes: string[] = [];

beforeAll(async () => {
  app = await startTestApp({
    ENGINE_PROCESSES: '1',
    ENGINE_MEMORY_BYTES: String(GIB / 2),
    ENGINE_TEMP_BYTES: String(32 * 1024 ** 2),
    QUERY_DEADLINE_SECONDS: String(DEADLINE_SECONDS),
  });
  tables = tablesApi(app);
  const rows = Array.from({ length: 20 }, (_, place) => `${place},${place % 7}\n`);
  dataset = await tables.dataset({ 't.csv': `a,b\n${rows.join('')}` });
}, 60_000);
afterAll(() => app.stop());

/** How a statement ended, while somebody looks at the service and at the memory of its processes. */
async function endOf(sql: string): Promise<{ outcome: string; seconds: number; peak: number }> {
  let [isOver, peak] = [false, 0];
  const began = performance.now();
  const query = tables.query(dataset, sql).finally(() => (isOver = true));
  const watch = async (): Promise<void> => {
    while (!isOver) {
      expect((await app.fetch('/health/live')).status).toBe(200);
      peak = Math.max(peak, await largestChildBytes(app));
      await delay(50);
    }
  };
  const [answer] = await Promise.all([query, watch()]);
  const seconds = (performance.now() - began) / 1000;
  const { code = 'answered' } = (await answer.json()) as { code?: string };
  return { outcome: `${answer.status} ${code}`, seconds, peak };
}

describe('statements that want more than there is', () => {
  it.each(some(8, Object.entries(SQL_HOGS)))(
    'end in time, and nothing else does: %s',
    async (_, sql) => {
      const { outcome, seconds, peak } = await endOf(sql);
      outcomes.push(outcome);
      expect([
        '200 answered',
        '400 sql-failed',
        '400 sql-refused',
        '422 engine-deadline',
        '422 engine-disk',
        '422 engine-memory',
      ]).toContain(outcome);
      expect(seconds).toBeLessThan(DEADLINE_SECONDS + SLACK_SECONDS);
      expect(peak).toBeLessThan(GIB);
    },
  );

  it('are killed where they do not end by themselves', async () => {
    const killed = outcomes.filter((outcome) => /engine-(deadline|memory)/.test(outcome));
    expect(killed.length).toBeGreaterThanOrEqual(IS_FULL ? 30 : 4);
    const answer = await tables.query(dataset, 'SELECT count(*) AS n FROM t');
    expect(((await answer.json()) as QueryAnswer).rows).toEqual([{ n: 20 }]);
  });
});
