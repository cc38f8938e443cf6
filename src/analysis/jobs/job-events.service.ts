import { Injectable } from '@nestjs/common';
import { hasEnded, type JobView } from '../../core/contracts/jobs.contract.js';
import type { Principal } from '../../core/contracts/principal.contract.js';
import { HealthChecks } from '../../core/health/health-checks.js';
import { JobNews } from './job-news.service.js';
import { TooManyEventStreamsError } from './jobs.errors.js';
import { JobsService } from './jobs.service.js';

/** Of one user in this process. */
const MAX_STREAMS = 16;
/** A sign of life, and a look for what was not heard of. */
const BEAT_MS = 10_000;
/** Then whoever follows shows their key again. */
const MAX_MS = 600_000;

export interface Following {
  /** As it is now. */
  job: JobView;
  /**
   * The job as it is now, unless this revision was seen, and each time that it has changed; the latest
   * state where there were several meanwhile. `null`: it goes on. Ends with the job.
   */
  states(seen: number, closed: AbortSignal): AsyncGenerator<JobView | null>;
  close(): void;
}

/** Lets callers follow a job, on whichever process it is worked on. */
@Injectable()
export class JobEvents {
  private readonly streams = new Map<string, number>();

  constructor(
    private readonly jobs: JobsService,
    private readonly news: JobNews,
    private readonly health: HealthChecks,
  ) {}

  /** To be closed. @throws JobNotFoundError, TooManyEventStreamsError */
  async open(caller: Principal, id: string): Promise<Following> {
    const job = await this.jobs.find(caller, id);
    const count = this.streams.get(caller.id) ?? 0;
    if (count >= MAX_STREAMS) throw new TooManyEventStreamsError(MAX_STREAMS);
    this.streams.set(caller.id, count + 1);
    return {
      job,
      states: (seen, closed) => this.states(caller, id, seen, closed),
      close: () => {
        const left = (this.streams.get(caller.id) ?? 1) - 1;
        if (left > 0) this.streams.set(caller.id, left);
        else this.streams.delete(caller.id);
      },
    };
  }

  private async *states(
    caller: Principal,
    id: string,
    seen: number,
    closed: AbortSignal,
  ): AsyncGenerator<JobView | null> {
    const over = AbortSignal.any([closed, this.health.draining, AbortSignal.timeout(MAX_MS)]);
    for (let latest = seen; !over.aborted;) {
      const heard = this.news.next(id, over);
      try {
        const job = await this.jobs.find(caller, id);
        const isNew = job.revision > latest;
        if (isNew) {
          latest = job.revision;
          yield job;
        }
        if (hasEnded(job.status)) return;
        if (await heard.within(BEAT_MS)) yield null;
      } finally {
        heard.stop();
      }
    }
  }
}
