import { Inject, Injectable, Logger } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import type { ConstructorOptions, Job as Ticket, PgBoss } from 'pg-boss';
import { DataSource } from 'typeorm';
import { ENV, type Env } from '../../core/config/config.js';
import { managerOf, type Transaction } from '../../core/database/index.js';
import type { NewJob } from './jobs.repository.js';

export type { Ticket };

/** Runs a statement, or several in one text, as node-postgres does. */
interface Client {
  query(text: string, values?: unknown[]): Promise<{ rows: unknown[] }>;
}

interface Pool {
  connect(): Promise<Client & { release(isSpoilt?: boolean): void }>;
}

type Database = NonNullable<ConstructorOptions['db']>;

const QUEUE = 'jobs';
/** A worker is woken; this is for what it has not heard, and for what dead workers leave. */
const POLL_SECONDS = 2;
/** How often it is looked whether workers live. */
const SUPERVISE_SECONDS = 5;
/** Where the library ends: our deadline comes first, and our count of attempts. */
const MOST_SECONDS = 86_400;
const MOST_RETRIES = 1_000;
/** The ticket of a job that has ended says nothing more. */
const KEPT_SECONDS = 3_600;

/**
 * Tickets: for each job that has not ended one in pg-boss, which hands it to a worker, hears that the
 * worker lives, and hands it on when it does not. The truth is in `jobs`: a ticket has no contents, and
 * is changed in the transaction that changes its job. docs/decisions/0023.
 */
@Injectable()
export class JobQueueRepository {
  private readonly logger = new Logger(JobQueueRepository.name);
  private starting: Promise<PgBoss> | null = null;
  private workers: string[] = [];
  private boss: PgBoss | null = null;

  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    @Inject(ENV) private readonly env: Pick<Env, 'JOB_LEASE_SECONDS' | 'JOBS_PER_USER'>,
  ) {}

  /**
   * To be awaited before a transaction that changes tickets: it takes a connection of its own, and loads
   * the library, which a process without workers does not need until then.
   */
  async ready(): Promise<void> {
    this.starting ??= this.start().catch((error: unknown) => {
      this.starting = null;
      throw error;
    });
    this.boss = await this.starting;
  }

  async add(
    tx: Transaction,
    job: Pick<NewJob, 'id' | 'priority' | 'isInternal' | 'createdBy'>,
  ): Promise<void> {
    await this.started.send(QUEUE, null, {
      id: job.id,
      priority: job.priority,
      // Of one group, so many run at a time.
      ...(!job.isInternal && { group: { id: job.createdBy } }),
      expireInSeconds: MOST_SECONDS,
      heartbeatSeconds: this.env.JOB_LEASE_SECONDS,
      retryLimit: MOST_RETRIES,
      deleteAfterSeconds: KEPT_SECONDS,
      db: within(tx),
    });
  }

  /** The job has ended, whoever has its ticket. */
  async remove(tx: Transaction, id: string): Promise<void> {
    await this.started.cancel(QUEUE, id, { db: within(tx) });
  }

  /** Hands the ticket to the next worker, unless it is with one by now. */
  async giveBack(tx: Transaction, ticket: Ticket): Promise<void> {
    await this.started.fail(QUEUE, ticket, null, { db: within(tx) });
  }

  /** Has so many tickets at a time worked on, each as long as the promise lasts. */
  async work(count: number, handle: (ticket: Ticket) => Promise<void>): Promise<void> {
    const { started } = this;
    for (let n = 0; n < count; n += 1) {
      const options = { pollingIntervalSeconds: POLL_SECONDS, ...this.limit };
      const worker: string = await started.work(QUEUE, options, async ([ticket]) => {
        await handle(ticket as Ticket);
        // It would rest before it looks for more.
        started.notifyWorker(worker);
      });
      this.workers.push(worker);
    }
  }

  /** There may be a ticket for a worker of this process. */
  wake(): void {
    for (const worker of this.workers) this.boss?.notifyWorker(worker);
  }

  /** Has the workers of this process take nothing more. */
  async rest(): Promise<void> {
    if (this.workers.length > 0) await this.boss?.offWork(QUEUE, { wait: false });
    this.workers = [];
  }

  /** After the last transaction that changes a ticket. */
  async stop(): Promise<void> {
    const boss = await this.starting?.catch(() => null);
    await boss?.stop({ graceful: false, close: false });
  }

  private get started(): PgBoss {
    if (!this.boss) throw new Error('The queue has not been started.');
    return this.boss;
  }

  private get limit(): { groupConcurrency?: number } {
    return this.env.JOBS_PER_USER === 0 ? {} : { groupConcurrency: this.env.JOBS_PER_USER };
  }

  private async start(): Promise<PgBoss> {
    const { PgBoss: Boss } = await import('pg-boss');
    const boss = new Boss({
      db: { executeSql: poolOf(this.dataSource) },
      schedule: false,
      registerInstance: false,
      superviseIntervalSeconds: SUPERVISE_SECONDS,
      monitorIntervalSeconds: SUPERVISE_SECONDS,
    });
    boss.on('error', (error) => this.logger.warn({ err: error }, 'The queue of jobs has failed.'));
    boss.on('warning', (warning) =>
      this.logger.warn({ warning }, 'A warning of the queue of jobs.'),
    );
    await boss.start();
    await boss.createQueue(QUEUE);
    return boss;
  }
}

/**
 * The pool itself: TypeORM would take the results of its statements apart. Some of its texts begin a
 * transaction and end it; one that fails in between leaves its session in it, which nobody else may get.
 */
const poolOf = (dataSource: DataSource): Database['executeSql'] => {
  const { master } = dataSource.driver as unknown as { master: Pool };
  return async (text, values) => {
    const client = await master.connect();
    try {
      const result = await client.query(text, values);
      client.release();
      return result;
    } catch (error) {
      client.release(true);
      throw error;
    }
  };
};

const within = (tx: Transaction): Database => ({
  executeSql: async (text, values) => {
    const client = (await managerOf(tx).queryRunner?.connect()) as Client;
    return await client.query(text, values);
  },
});
