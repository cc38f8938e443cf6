import { setTimeout as delay } from 'node:timers/promises';
import { Injectable, Logger } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource, type EntityManager, type QueryRunner } from 'typeorm';
import {
  DatabaseUnavailableError,
  OutcomeUnknownError,
  TransactionConflictError,
} from '../errors/index.js';
import { isConnectionLost, isRetryable } from './pg-errors.js';

const MAX_ATTEMPTS = 5;
/** Each was prepared for, so it is progress: others may undo the preparation before it is our turn. */
const MAX_PREPARATIONS = 50;
/** How long an uncertain COMMIT is asked after before the caller is told that nobody knows. */
const VERIFY_MS = 10_000;

const managers = new WeakMap<Transaction, EntityManager>();

/** A running transaction. Opaque: services hand it on, repositories get its manager. */
export class Transaction {
  readonly commitHooks: (() => void | Promise<void>)[] = [];
  commitVerifier: (() => Promise<boolean>) | null = null;

  /**
   * Runs after the COMMIT, in order, before `UnitOfWork.run` returns; not after a rollback. It can
   * undo nothing: its failure is logged and does not fail the work.
   */
  afterCommit(hook: () => void | Promise<void>): void {
    this.commitHooks.push(hook);
  }

  /**
   * Names the way to find out, on another connection, whether this transaction was committed, for
   * the case that its own connection is lost at COMMIT. The verifier must wait for a session that
   * may still be at it. One is enough: a transaction commits as a whole.
   */
  verifyCommitWith(verifier: () => Promise<boolean>): void {
    this.commitVerifier ??= verifier;
  }
}

/** For repositories only. */
export function managerOf(tx: Transaction): EntityManager {
  const manager = managers.get(tx);
  if (!manager) throw new Error('This transaction has ended.');
  return manager;
}

/**
 * Thrown inside a transaction to have it rolled back, something prepared outside of it (I/O has no
 * place inside), and run again.
 */
export class RetryTransaction extends Error {
  constructor(readonly prepare: () => Promise<void>) {
    super('The transaction is run again after a preparation.');
  }
}

/** How one try of a transaction ended, when it did not fail for good. */
type Try<T> = { committed: true; result: T } | { committed: false; cause: unknown };

/** COMMIT was sent, and what came back was not the server's answer to it. */
class LostAtCommit extends Error {}

/** As much of a checked-out `pg` client as COMMIT needs. */
interface CommittingClient {
  query(sql: 'COMMIT'): Promise<{ command: string }>;
}

/** Runs work in transactions; the only place that begins and ends one. */
@Injectable()
export class UnitOfWork {
  private readonly logger = new Logger(UnitOfWork.name);

  constructor(@InjectDataSource() protected dataSource: DataSource) {}

  /**
   * Runs `work` in one READ COMMITTED transaction and commits it. The work may be run again, up to
   * five times in all after deadlocks and lock timeouts, and after each `RetryTransaction`, up to
   * fifty times: it must have no effect outside the transaction but by `tx.afterCommit`.
   * @throws DatabaseUnavailableError, TransactionConflictError: nothing was changed
   * @throws OutcomeUnknownError: COMMIT was sent and nobody can say whether it took effect
   */
  async run<T>(work: (tx: Transaction) => Promise<T>): Promise<T> {
    for (let attempt = 1, preparations = 0; ;) {
      const tx = new Transaction();
      const done = await this.tryOnce(tx, work);
      if (done.committed) {
        await this.runHooks(tx);
        return done.result;
      }
      const { cause } = done;
      if (cause instanceof RetryTransaction) {
        preparations += 1;
        if (preparations > MAX_PREPARATIONS) throw new TransactionConflictError(cause);
        await cause.prepare();
        continue;
      }
      if (attempt >= MAX_ATTEMPTS) throw new TransactionConflictError(cause);
      await delay(Math.random() * 20 * 2 ** attempt);
      attempt += 1;
    }
  }

  private async tryOnce<T>(
    tx: Transaction,
    work: (tx: Transaction) => Promise<T>,
  ): Promise<Try<T>> {
    const runner = this.dataSource.createQueryRunner();
    let result!: T;
    let lost: LostAtCommit;
    try {
      result = await this.perform(runner, tx, work);
      await this.commit(runner);
      return { committed: true, result };
    } catch (error) {
      if (error instanceof RetryTransaction || isRetryable(error)) {
        return { committed: false, cause: error };
      }
      if (!(error instanceof LostAtCommit)) throw error;
      lost = error;
    } finally {
      managers.delete(tx);
      await runner.release().catch(() => undefined);
    }
    // The connection is given back by now: in a pool of one, the verifier needs its place.
    this.logger.warn('The connection was lost at COMMIT; asking for the outcome.');
    return (await this.verify(tx, lost.cause))
      ? { committed: true, result }
      : { committed: false, cause: lost.cause };
  }

  private async perform<T>(
    runner: QueryRunner,
    tx: Transaction,
    work: (tx: Transaction) => Promise<T>,
  ): Promise<T> {
    // Whatever keeps it from connecting, nothing was changed.
    await runner.connect().catch((error: unknown) => {
      throw new DatabaseUnavailableError(error);
    });
    try {
      await runner.startTransaction();
      managers.set(tx, runner.manager);
      return await work(tx);
    } catch (error) {
      // A lost connection has rolled back by itself, and TypeORM has released its runner. One that only
      // seems lost (class 08 has protocol violations, too) must not go to others with its transaction.
      if (!runner.isReleased) await runner.rollbackTransaction().catch(() => undefined);
      throw runner.isReleased || isConnectionLost(error)
        ? new DatabaseUnavailableError(error)
        : error;
    }
  }

  private async commit(runner: QueryRunner): Promise<void> {
    if (runner.isReleased) throw new DatabaseUnavailableError();
    // On the driver itself, since TypeORM hides what the server did: of a transaction in which a
    // statement has failed and the work went on, COMMIT makes a ROLLBACK without an error.
    const client = (await runner.connect()) as CommittingClient;
    const { command } = await client.query('COMMIT').catch((error: unknown) => {
      // An ERROR is the server's answer: rolled back. FATAL and a broken socket tell nothing.
      if ((error as { severity?: unknown }).severity === 'ERROR') throw error;
      throw new LostAtCommit('COMMIT was not answered.', { cause: error });
    });
    if (command !== 'COMMIT') {
      throw new Error('A statement of this transaction failed unnoticed: it was rolled back.');
    }
  }

  private async verify(tx: Transaction, cause: unknown): Promise<boolean> {
    const deadline = Date.now() + VERIFY_MS;
    for (let pause = 20; tx.commitVerifier && Date.now() < deadline; pause *= 2) {
      try {
        return await tx.commitVerifier();
      } catch (error) {
        this.logger.warn({ err: error }, 'The outcome of a COMMIT is still unknown.');
        await delay(Math.min(pause, 1000));
      }
    }
    throw new OutcomeUnknownError(cause);
  }

  /** What is committed is done, whatever a hook says: its failure is logged and goes no further. */
  private async runHooks(tx: Transaction): Promise<void> {
    for (const hook of tx.commitHooks) {
      try {
        await hook();
      } catch (error) {
        this.logger.error({ err: error }, 'A step after a commit failed.');
      }
    }
  }
}
