import { Inject, Injectable } from '@nestjs/common';
import { EVENT_BUS, type IEventBus } from '../../core/contracts/event-bus.contract.js';
import { hasEnded, type JobFailure } from '../../core/contracts/jobs.contract.js';
import { UnitOfWork, type Transaction } from '../../core/database/index.js';
import { JobMetrics } from './job-metrics.service.js';
import { JobNews } from './job-news.service.js';
import { JobQueueRepository, type Ticket } from './job-queue.repository.js';
import { JobsRepository, type JobEnd, type NewJob, type StoredJob } from './jobs.repository.js';

/** Begins and ends jobs: row, ticket and news in one transaction. */
@Injectable()
export class JobStates {
  constructor(
    @Inject(EVENT_BUS) private readonly events: IEventBus,
    private readonly jobs: JobsRepository,
    private readonly queue: JobQueueRepository,
    private readonly news: JobNews,
    private readonly metrics: JobMetrics,
    private readonly unitOfWork: UnitOfWork,
  ) {}

  /** A transaction that begins or ends jobs. */
  async change<T>(work: (tx: Transaction) => Promise<T>): Promise<T> {
    // Not within: in a pool of one, it would wait for its own transaction.
    await this.queue.ready();
    return await this.unitOfWork.run(work);
  }

  async begin(tx: Transaction, job: NewJob): Promise<StoredJob> {
    const stored = await this.jobs.insert(tx, job);
    await this.queue.add(tx, job);
    await this.news.tell(tx, job.id, 'queued');
    return stored;
  }

  /**
   * Ends a job, once: `null` when it has ended already, or no longer belongs to this run.
   * @param runId `null`: whoever has it, or nobody
   */
  async end(
    tx: Transaction,
    id: string,
    runId: string | null,
    end: JobEnd,
  ): Promise<StoredJob | null> {
    const job = await this.jobs.end(tx, id, runId, end);
    if (!job) return null;
    await this.queue.remove(tx, id);
    await this.news.tell(tx, id, job.status);
    const { kind, status, createdBy: principalId } = job;
    tx.afterCommit(() => {
      this.metrics.ended.inc({ status });
      this.events.publish('job.finished', { jobId: id, kind, status, principalId });
    });
    return job;
  }

  /** Has another worker begin it, now. */
  async giveBack(tx: Transaction, ticket: Ticket): Promise<void> {
    await this.queue.giveBack(tx, ticket);
    await this.news.tell(tx, ticket.id, 'queued');
  }

  /** Fails a job that nobody works on any more, unless it has ended. */
  async endOpen(id: string, why: (job: StoredJob) => JobFailure): Promise<void> {
    const job = await this.jobs.find(id);
    if (!job || hasEnded(job.status)) return;
    const error = why(job);
    await this.change((tx) => this.end(tx, id, job.runId, { status: 'failed', error }));
  }
}
