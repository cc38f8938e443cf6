import { randomUUID } from 'node:crypto';
import { Injectable, Logger } from '@nestjs/common';
import { hasEnded, type JobFailure, type JobOutputs } from '../../core/contracts/jobs.contract.js';
import { JobKinds } from './job-kinds.service.js';
import { DEADLINE_PASSED, failureOf, kindUnknown, WORKER_DIED } from './job-failures.js';
import { JobNews } from './job-news.service.js';
import { JobPublisher } from './job-publisher.service.js';
import type { Ticket } from './job-queue.repository.js';
import { JobProgress } from './job-progress.js';
import { JobStates } from './job-states.service.js';
import { RunsRepository } from './runs.repository.js';
import type { StoredJob } from './jobs.repository.js';

/** How often a job is begun before its workers' deaths are taken for its doing. */
const MAX_ATTEMPTS = 3;

/** A job that is this run's, as far as this process knows. */
interface Run {
  job: StoredJob;
  runId: string;
  ticket: Ticket;
  signal: AbortSignal;
}

/** Why a run has no result, beside what its handler throws. */
class RunOver extends Error {
  constructor(readonly why: 'lost' | 'late' | 'stopping') {
    super(`The run of this job is over: ${why}.`);
  }
}

/** Carries out one job: claims it, has its kind do the work, ends it. */
@Injectable()
export class JobRunner {
  private readonly logger = new Logger(JobRunner.name);
  private readonly stopping = new AbortController();
  private readonly running = new Set<Promise<void>>();

  constructor(
    private readonly kinds: JobKinds,
    private readonly runs: RunsRepository,
    private readonly publisher: JobPublisher,
    private readonly states: JobStates,
    private readonly news: JobNews,
  ) {}

  /** Never begins a job that has ended. Rejects when its end could not be written down: then it is tried again. */
  async run(ticket: Ticket): Promise<void> {
    const work = this.carryOut(ticket).finally(() => this.running.delete(work));
    this.running.add(work);
    try {
      await work;
    } catch (error) {
      if (!(error instanceof RunOver)) {
        this.logger.warn({ err: error, job: ticket.id }, 'A job is to be begun again.');
      }
      throw error;
    }
  }

  /** From now on whatever ends without a result is given back. */
  letGo(): void {
    this.stopping.abort(new RunOver('stopping'));
  }

  /** Resolves when all handlers have let go, and what this process worked on is given back. */
  async stop(): Promise<void> {
    await Promise.allSettled(this.running);
  }

  private async carryOut(ticket: Ticket): Promise<void> {
    if (this.stopping.signal.aborted) throw this.stopping.signal.reason;
    const runId = randomUUID();
    const job = await this.runs.claim(ticket.id, runId, MAX_ATTEMPTS);
    if (!job) {
      await this.states.endOpen(ticket.id, (found) =>
        found.deadline.getTime() <= Date.now() ? DEADLINE_PASSED : WORKER_DIED,
      );
      return;
    }
    const lost = new AbortController();
    const unfollow = this.news.follow(job.id, (status) => {
      if (status && hasEnded(status)) lost.abort(new RunOver('lost'));
    });
    const late = setTimeout(
      () => lost.abort(new RunOver('late')),
      job.deadline.getTime() - Date.now(),
    ).unref();
    ticket.signal.addEventListener('abort', () => lost.abort(new RunOver('lost')), { once: true });
    const signal = AbortSignal.any([lost.signal, this.stopping.signal]);
    try {
      await this.perform({ job, runId, ticket, signal }, () => lost.abort(new RunOver('lost')));
    } finally {
      clearTimeout(late);
      unfollow();
    }
  }

  private async perform(run: Run, onLost: () => void): Promise<void> {
    const { job, runId, signal } = run;
    const handler = this.kinds.find(job.kind);
    if (!handler) return await this.publisher.fail(run, kindUnknown(job.kind));
    const progress = new JobProgress(async (fraction, message) => {
      if (!(await this.runs.progress(job.id, runId, fraction, message))) onLost();
    });
    let outputs: JobOutputs;
    try {
      outputs = await handler.run(
        { ...job, attempt: job.attempts },
        { signal, progress: (fraction, message) => progress.tell(fraction, message) },
      );
    } catch (error) {
      await progress.stop();
      await this.giveUp(run, error);
      return;
    }
    await progress.stop();
    await this.publisher.succeed(run, outputs);
  }

  private async giveUp(run: Run, error: unknown): Promise<void> {
    const { signal, job } = run;
    const over = signal.aborted && signal.reason instanceof RunOver ? signal.reason.why : null;
    if (over === 'lost') return;
    if (over === 'stopping') return await this.publisher.giveBack(run);
    await this.publisher.fail(run, over === 'late' ? DEADLINE_PASSED : this.told(job, error));
  }

  private told({ id, kind }: StoredJob, error: unknown): JobFailure {
    const failure = failureOf(error);
    if (failure.code === 'internal') {
      this.logger.error({ err: error, job: id, kind }, 'A job failed unexpectedly.');
    }
    return failure;
  }
}
