import { afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Logger } from '@nestjs/common';
import type pg from 'pg';
import { DataSource } from 'typeorm';
import {
  dataSourceOptions,
  managerOf,
  RetryTransaction,
  UnitOfWork,
  type Transaction,
} from '../../src/core/database/index.js';
import {
  DatabaseUnavailableError,
  OutcomeUnknownError,
  TransactionConflictError,
} from '../../src/core/errors/index.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { PostgresProxy } from '../support/tcp-proxy.js';

describe('UnitOfWork', () => {
  let database: TestDatabase;
  const opened: DataSource[] = [];
  beforeAll(() => Logger.overrideLogger(false));
  beforeEach(async () => {
    database = await createTestDatabase();
    await database.query('CREATE TABLE notes (id int PRIMARY KEY, text text NOT NULL)');
    await database.query(`INSERT INTO notes VALUES (1, 'one'), (2, 'two')`);
  });
  afterEach(async () => {
    for (const dataSource of opened.splice(0)) await dataSource.destroy();
    await database.drop();
  });

  const open = async (poolSize: number, url = database.url): Promise<UnitOfWork> => {
    const dataSource = new DataSource(
      dataSourceOptions({ address: { url }, poolSize, timeouts: true }),
    );
    await dataSource.initialize();
    opened.push(dataSource);
    return new UnitOfWork(dataSource);
  };

  const sql = (tx: Transaction, statement: string): Promise<unknown> =>
    managerOf(tx).query(statement);
  const texts = async (): Promise<string[]> =>
    (await database.query<{ text: string }>('SELECT text FROM notes ORDER BY id')).map(
      ({ text }) => text,
    );

  it('gives no session back amid a transaction, whatever the mistake', async () => {
    const sut = await open(1);
    // Class 08, as of a lost connection.
    const mistaken = sut.run((tx) => managerOf(tx).query('SELECT $1::int', [1, 2]));
    await expect(mistaken).rejects.toThrow(/bind message/);
    await expect(sut.run((tx) => sql(tx, 'SELECT 1'))).resolves.toEqual([{ '?column?': 1 }]);
  });

  it('commits before its hooks run, in their order', async () => {
    const sut = await open(1);
    const seen: unknown[] = [];
    const result = await sut.run(async (tx) => {
      tx.afterCommit(async () => void seen.push('first', await texts()));
      await sql(tx, `UPDATE notes SET text = 'new' WHERE id = 1`);
      tx.afterCommit(() => void seen.push('second'));
      expect(await texts()).toEqual(['one', 'two']);
      return 'done';
    });
    expect(result).toBe('done');
    expect(seen).toEqual(['first', ['new', 'two'], 'second']);
  });

  it('rolls back on an error, passes it on and runs no hook', async () => {
    const sut = await open(1);
    let isHookRun = false;
    const failed = sut.run(async (tx) => {
      tx.afterCommit(() => void (isHookRun = true));
      await sql(tx, `UPDATE notes SET text = 'new' WHERE id = 1`);
      throw new Error('of the work');
    });
    await expect(failed).rejects.toThrow('of the work');
    expect(isHookRun).toBe(false);
    expect(await texts()).toEqual(['one', 'two']);
  });

  it('runs both of two transactions that wait for each other', async () => {
    const sut = await open(2);
    let waiting = 0;
    let meet = (): void => undefined;
    const met = new Promise<void>((resolve) => (meet = resolve));
    const tries = [0, 0];
    const inOrder = (number: number, rows: number[]): Promise<void> =>
      sut.run(async (tx) => {
        tries[number] = (tries[number] ?? 0) + 1;
        const [first, second] = rows;
        await sql(tx, `UPDATE notes SET text = text || '+' WHERE id = ${first}`);
        waiting += 1;
        if (waiting === 2) meet();
        await met;
        await sql(tx, `UPDATE notes SET text = text || '+' WHERE id = ${second}`);
      });
    await Promise.all([inOrder(0, [1, 2]), inOrder(1, [2, 1])]);
    expect(await texts()).toEqual(['one++', 'two++']);
    expect((tries[0] ?? 0) + (tries[1] ?? 0)).toBe(3);
  });

  it('runs a transaction again when it waited too long for a lock', async () => {
    const sut = await open(2);
    let release = (): void => undefined;
    const released = new Promise<void>((resolve) => (release = resolve));
    let hold = (): void => undefined;
    const held = new Promise<void>((resolve) => (hold = resolve));
    const holder = sut.run(async (tx) => {
      await sql(tx, `UPDATE notes SET text = 'held' WHERE id = 1`);
      hold();
      await released;
    });
    await held;
    let tries = 0;
    await sut.run(async (tx) => {
      tries += 1;
      await sql(tx, `SET LOCAL lock_timeout = '50ms'`);
      const update = sql(tx, `UPDATE notes SET text = text || '+' WHERE id = 1`);
      await update.catch((error: unknown) => {
        release();
        throw error;
      });
    });
    await holder;
    expect(tries).toBeGreaterThan(1);
    expect(await texts()).toEqual(['held+', 'two']);
  });

  it('gives up after five conflicts', async () => {
    const sut = await open(1);
    let tries = 0;
    const failed = sut.run(async (tx) => {
      tries += 1;
      await sql(tx, `DO $$ BEGIN RAISE EXCEPTION 'x' USING ERRCODE = '40001'; END $$`);
    });
    await expect(failed).rejects.toBeInstanceOf(TransactionConflictError);
    expect(tries).toBe(5);
  });

  it('prepares a retry outside of any transaction and with no connection held', async () => {
    const sut = await open(1);
    const prepared: string[][] = [];
    let isPrepared = false;
    await sut.run(async (tx) => {
      await sql(tx, `UPDATE notes SET text = text || '+' WHERE id = 1`);
      if (isPrepared) return;
      throw new RetryTransaction(async () => {
        isPrepared = true;
        // In a pool of one this works only when the first try has given its connection back.
        await sut.run(async (other) => void (await sql(other, 'SELECT 1')));
        prepared.push(await texts());
      });
    });
    expect(prepared).toEqual([['one', 'two']]);
    expect(await texts()).toEqual(['one+', 'two']);
  });

  it('does not carry out again what is committed when a hook meets a conflict', async () => {
    const sut = await open(1);
    let isNextRun = false;
    await sut.run(async (tx) => {
      await sql(tx, `UPDATE notes SET text = text || '+' WHERE id = 1`);
      tx.afterCommit(() => {
        throw Object.assign(new Error('deadlock detected'), { code: '40P01' });
      });
      tx.afterCommit(() => void (isNextRun = true));
    });
    expect(await texts()).toEqual(['one+', 'two']);
    expect(isNextRun).toBe(true);
  });

  it('does not take a transaction for committed in which a failure was overlooked', async () => {
    const sut = await open(1);
    const failed = sut.run(async (tx) => {
      await sql(tx, `UPDATE notes SET text = 'new' WHERE id = 1`);
      await sql(tx, `INSERT INTO notes VALUES (1, 'again')`).catch(() => undefined);
    });
    await expect(failed).rejects.toThrow('rolled back');
    expect(await texts()).toEqual(['one', 'two']);
  });

  it('says that nothing was changed when its session is killed at work, and works on', async () => {
    const sut = await open(1);
    for (const isNoticedAtCommit of [false, true]) {
      const failed = sut.run(async (tx) => {
        await sql(tx, `UPDATE notes SET text = 'new' WHERE id = 1`);
        const [{ pid }] = (await sql(tx, 'SELECT pg_backend_pid() AS pid')) as [{ pid: number }];
        await database.query('SELECT pg_terminate_backend($1, 5000)', [pid]);
        if (!isNoticedAtCommit) await sql(tx, 'SELECT 1');
      });
      // Whether COMMIT was still sent depends on when the broken socket was noticed.
      const told = isNoticedAtCommit
        ? [DatabaseUnavailableError, OutcomeUnknownError]
        : [DatabaseUnavailableError];
      const error: unknown = await failed.catch((reason: unknown) => reason);
      expect(told).toContain((error as Error).constructor);
      expect(await texts()).toEqual(['one', 'two']);
    }
    await sut.run((tx) => sql(tx, `UPDATE notes SET text = 'new' WHERE id = 1`));
    expect(await texts()).toEqual(['new', 'two']);
  });

  it('survives that a session ends at the moment in which its client changes hands', async () => {
    await open(1);
    const [dataSource] = opened as [DataSource];
    const { master } = dataSource.driver as unknown as { master: pg.Pool };
    const client = await master.connect();
    // As the driver does it, before whoever gets the client could listen.
    client.emit('error', new Error('terminating connection due to administrator command'));
    client.release(true);
    const { rows } = await master.query('SELECT 1 AS one');
    expect(rows).toEqual([{ one: 1 }]);
  });

  it('says so when no connection can be made', async () => {
    const proxy = await PostgresProxy.start(database.url);
    const sut = await open(1, proxy.url);
    await proxy.stop();
    await expect(sut.run((tx) => sql(tx, 'SELECT 1'))).rejects.toBeInstanceOf(
      DatabaseUnavailableError,
    );
  });

  it('returns every connection, so that a pool of one serves many, failing ones among them', async () => {
    const sut = await open(1);
    const results = await Promise.allSettled(
      Array.from({ length: 30 }, (_, number) =>
        sut.run(async (tx) => {
          await sql(tx, `UPDATE notes SET text = text || '+' WHERE id = 1`);
          if (number % 3 === 0) throw new Error('of the work');
          if (number % 3 === 1) await sql(tx, 'SELECT 1 / 0');
        }),
      ),
    );
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(10);
    expect(await texts()).toEqual([`one${'+'.repeat(10)}`, 'two']);
    const idle = await database.query(
      `SELECT 1 FROM pg_stat_activity WHERE application_name = 'stratum'
       AND datname = current_database() AND state = 'idle in transaction'`,
    );
    expect(idle).toEqual([]);
  });

  it.each([
    ['lose-answer', 1],
    ['lose-commit', 2],
  ] as const)('asks for the outcome of a COMMIT that was cut (%s)', async (fault, tries) => {
    const proxy = await PostgresProxy.start(database.url);
    const sut = await open(1, proxy.url);
    proxy.arm(fault);
    let runs = 0;
    let hooks = 0;
    await sut.run(async (tx) => {
      runs += 1;
      await sql(tx, `UPDATE notes SET text = text || '+' WHERE id = 1`);
      // The lock is what makes it wait for the session that may still be committing.
      tx.verifyCommitWith(async () => {
        const [row] = await database.query<{ text: string }>(
          'SELECT text FROM notes WHERE id = 1 FOR UPDATE',
        );
        return row?.text === 'one+';
      });
      tx.afterCommit(() => void (hooks += 1));
    });
    expect({ runs, hooks, texts: await texts() }).toEqual({
      runs: tries,
      hooks: 1,
      texts: ['one+', 'two'],
    });
    await opened.pop()?.destroy();
    await proxy.stop();
  });

  it('admits that it does not know when nothing tells the outcome', async () => {
    const proxy = await PostgresProxy.start(database.url);
    const sut = await open(1, proxy.url);
    proxy.arm('lose-answer');
    const run = sut.run((tx) => sql(tx, `UPDATE notes SET text = 'new' WHERE id = 1`));
    await expect(run).rejects.toBeInstanceOf(OutcomeUnknownError);
    await opened.pop()?.destroy();
    await proxy.stop();
  });
});
