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
/** How long an uncertain COMMIT is asked after before the caller is told that nobody knows. */
const VERIFY_MS = 10_000;

const managers = new WeakMap<Transaction, EntityManager>();

/** A running transaction. Opaque: services hand it on, repositories get its manager. */
export class Transaction {
  readonly commitHooks: (() => void | Promise<void>)[] = [];
  commitVerifier: (() => Promise<boolean>) | null = null;

  /** Runs after the COMMIT, in order, before `UnitOfWork.run` returns; not after a rollback. */
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

type CommitOutcome = 'committed' | 'rolled-back';

/** Runs work in transactions; the only place that begins and ends one. */
@Injectable()
export class UnitOfWork {
  private readonly logger = new Logger(UnitOfWork.name);

  constructor(@InjectDataSource() private readonly dataSource: DataSource) {}

  /**
   * Runs `work` in one READ COMMITTED transaction and commits it. The work may be run again, up to
   * five times in all, after deadlocks, lock timeouts and `RetryTransaction`: it must have no
   * effect outside the transaction but by `tx.afterCommit`.
   * @throws DatabaseUnavailableError, TransactionConflictError: nothing was changed
   * @throws OutcomeUnknownError: COMMIT was sent and nobody can say whether it took effect
   */
  async run<T>(work: (tx: Transaction) => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt += 1) {
      const tx = new Transaction();
      try {
        const done = await this.attempt(tx, work);
        if (done.outcome === 'committed') {
          for (const hook of tx.commitHooks) await hook();
          return done.result;
        }
      } catch (error) {
        if (error instanceof RetryTransaction) await error.prepare();
        else if (!isRetryable(error)) throw error;
        else if (attempt >= MAX_ATTEMPTS) throw new TransactionConflictError(error);
      }
      if (attempt >= MAX_ATTEMPTS) throw new TransactionConflictError();
      await delay(Math.random() * 20 * 2 ** attempt);
    }
  }

  private async attempt<T>(
    tx: Transaction,
    work: (tx: Transaction) => Promise<T>,
  ): Promise<{ outcome: CommitOutcome; result: T }> {
    const runner = this.dataSource.createQueryRunner();
    try {
      const result = await this.perform(runner, tx, work);
      return { result, outcome: await this.commit(runner, tx) };
    } finally {
      managers.delete(tx);
      await runner.release().catch(() => undefined);
    }
  }

  private async perform<T>(
    runner: QueryRunner,
    tx: Transaction,
    work: (tx: Transaction) => Promise<T>,
  ): Promise<T> {
    try {
      await runner.startTransaction();
      managers.set(tx, runner.manager);
      return await work(tx);
    } catch (error) {
      // A lost connection has rolled back by itself.
      if (runner.isTransactionActive) await runner.rollbackTransaction().catch(() => undefined);
      throw isConnectionLost(error) ? new DatabaseUnavailableError(error) : error;
    }
  }

  private async commit(runner: QueryRunner, tx: Transaction): Promise<CommitOutcome> {
    try {
      await runner.commitTransaction();
      return 'committed';
    } catch (error) {
      if (!isConnectionLost(error)) {
        await runner.rollbackTransaction().catch(() => undefined);
        throw error;
      }
      this.logger.warn('The connection was lost at COMMIT; asking for the outcome.');
      return await this.verify(tx, error);
    }
  }

  private async verify(tx: Transaction, cause: unknown): Promise<CommitOutcome> {
    const deadline = Date.now() + VERIFY_MS;
    for (let pause = 20; tx.commitVerifier && Date.now() < deadline; pause *= 2) {
      try {
        return (await tx.commitVerifier()) ? 'committed' : 'rolled-back';
      } catch (error) {
        if (!isConnectionLost(error) && !isRetryable(error)) throw error;
        await delay(Math.min(pause, 1000));
      }
    }
    throw new OutcomeUnknownError(cause);
  }
}
