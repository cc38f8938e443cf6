import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { QuotasRepository } from '../../src/access/limits/quotas.repository.js';
import { startTestApp, type TestApp } from '../support/app.js';
import { addCaller, type TestCaller } from '../support/callers.js';
import { StatementCounter } from '../support/statements.js';

const USER_QUOTA = 10_000;

let app: TestApp;
let users = 0;
beforeAll(async () => {
  app = await startTestApp({ QUOTA_USER_BYTES: String(USER_QUOTA) });
});
afterAll(() => app.stop());

const someone = (): Promise<TestCaller> => addCaller(app, `user-${(users += 1)}`);
const statusesOf = (responses: Response[]): number[] => [
  ...new Set(responses.map(({ status }) => status)),
];
const stored = async (response: Promise<Response>): Promise<void> => {
  expect((await response).status).toBe(201);
};

describe('A user whose quota is full', () => {
  const COUNTS = /sum\(f\.size_bytes\)/;

  it('is refused by a count that others share: forty at once make one', async () => {
    const user = await someone();
    await stored(user.upload(randomBytes(USER_QUOTA)));
    const statements = StatementCounter.of(app);
    const sent = await statements.during(async () => {
      const refused = Array.from({ length: 40 }, () => user.upload(randomBytes(10)));
      expect(statusesOf(await Promise.all(refused))).toEqual([507]);
    });
    statements.stop();
    expect(sent.filter((sql) => COUNTS.test(sql)).length).toBeLessThanOrEqual(2);
  });

  it('is counted while no transaction waits, and nobody else does', async () => {
    const [user, other] = [await someone(), await someone()];
    await stored(user.upload(randomBytes(100)));
    const repository = app.app.get(QuotasRepository, { strict: false });
    const count = repository.count.bind(repository);
    const gate = Promise.withResolvers<void>();
    const begun = Promise.withResolvers<void>();
    const slow = jest.spyOn(repository, 'count').mockImplementation(async (...args) => {
      if (args[1] === user.userId) {
        begun.resolve();
        await gate.promise;
      }
      return await count(...args);
    });
    const refused = Array.from({ length: 12 }, () => user.upload(randomBytes(USER_QUOTA)));
    await begun.promise;
    await stored(other.upload(randomBytes(100)));
    // A small one has room by what is known.
    await stored(user.upload(randomBytes(10)));
    // Others may just be at it, for a moment.
    const inTransaction = () =>
      app.database.query(
        `SELECT 1 FROM pg_stat_activity
         WHERE datname = current_database() AND state = 'idle in transaction'`,
      );
    const deadline = Date.now() + 10_000;
    while ((await inTransaction()).length > 0 && Date.now() < deadline) await delay(20);
    expect(await inTransaction()).toEqual([]);
    gate.resolve();
    expect(statusesOf(await Promise.all(refused))).toEqual([507]);
    slow.mockRestore();
  });

  it('counts once for many who ask how much it is', async () => {
    const user = await someone();
    await stored(user.upload(randomBytes(USER_QUOTA - 1)));
    const statements = StatementCounter.of(app);
    const sent = await statements.during(async () => {
      for (let n = 0; n < 5; n += 1) {
        const { quota } = await user.json<{ quota: unknown }>(200, '/v1/me');
        expect(quota).toEqual({ quotaBytes: USER_QUOTA, usedBytes: USER_QUOTA - 1, files: 1 });
      }
    });
    statements.stop();
    expect(sent.filter((sql) => COUNTS.test(sql))).toHaveLength(1);
  });
});
