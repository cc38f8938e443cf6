import { Inject, Injectable } from '@nestjs/common';
import { AUDIT_LOG, type IAuditLog } from '../../core/contracts/audit-log.contract.js';
import {
  hasEnded,
  type IJobs,
  type JobRequest,
  type JobStatus,
  type JobView,
} from '../../core/contracts/jobs.contract.js';
import type { Principal } from '../../core/contracts/principal.contract.js';
import type { Transaction } from '../../core/database/index.js';
import { ForbiddenError } from '../../core/errors/index.js';
import { decodeCursor, encodeCursor, pageOf, type Page } from '../../core/http/cursor.js';
import { JobNews } from './job-news.service.js';
import { JobRequests } from './job-requests.service.js';
import { JobStates } from './job-states.service.js';
import { JobNotFoundError } from './jobs.errors.js';
import { JobsRepository, type NewJob, type StoredJob } from './jobs.repository.js';

const LIST = 'jobs';
/** What was not heard of, because a connection was lost, is looked up. */
const LOOK_MS = 2_000;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const isId = (key: unknown): key is string => typeof key === 'string' && UUID.test(key);

export interface JobsQuery {
  kind?: string;
  status?: JobStatus;
  datasetId?: string;
  cursor?: string;
  limit: number;
}

@Injectable()
export class JobsService implements IJobs {
  constructor(
    @Inject(AUDIT_LOG) private readonly log: IAuditLog,
    private readonly requests: JobRequests,
    private readonly jobs: JobsRepository,
    private readonly states: JobStates,
    private readonly news: JobNews,
  ) {}

  async submit(
    caller: Principal,
    request: JobRequest,
    record?: (tx: Transaction, job: JobView) => Promise<void>,
  ): Promise<JobView> {
    return await this.add(caller, await this.requests.complete(caller, request, false), record);
  }

  /** As `submit`, for a caller of the API: kinds that only other slices submit are none. */
  async submitByCaller(
    caller: Principal,
    request: JobRequest,
    record: (tx: Transaction, job: JobView) => Promise<void>,
  ): Promise<JobView> {
    if (request.source && !caller.permissions.has('datasets:read')) {
      throw new ForbiddenError('To submit a job on a dataset, a credential needs datasets:read.');
    }
    return await this.add(caller, await this.requests.complete(caller, request, true), record);
  }

  async find(caller: Principal, id: string): Promise<StoredJob> {
    const job = isId(id) ? await this.jobs.find(id) : null;
    if (!job || !(caller.isAdmin || job.createdBy === caller.id)) throw new JobNotFoundError();
    return job;
  }

  /** Newest first: the caller's own; of an admin those of all users. @throws CursorMismatchError */
  async list(caller: Principal, query: JobsQuery): Promise<Page<JobView>> {
    const filter = {
      createdBy: caller.isAdmin ? null : caller.id,
      kind: query.kind ?? null,
      status: query.status ?? null,
      datasetId: query.datasetId ?? null,
    };
    const before = decodeCursor(query.cursor, LIST, filter, isId);
    const jobs = await this.jobs.list(filter, before, query.limit + 1);
    return pageOf(jobs, query.limit, ({ id }) => encodeCursor(id, LIST, filter));
  }

  async cancel(caller: Principal, id: string): Promise<JobView> {
    const job = await this.find(caller, id);
    if (hasEnded(job.status)) return job;
    const ended = await this.states.change(async (tx) => {
      const cancelled = await this.states.end(tx, id, null, { status: 'cancelled' });
      if (cancelled && !cancelled.isInternal) {
        await this.log.record(tx, caller, {
          action: 'job.cancel',
          targets: [`job:${id}`],
          before: { status: job.status },
          after: { status: 'cancelled' },
        });
      }
      return cancelled;
    });
    return ended ?? (await this.find(caller, id));
  }

  async waitFor(caller: Principal, id: string, milliseconds: number): Promise<JobView> {
    const until = Date.now() + milliseconds;
    for (;;) {
      const heard = this.news.next(id);
      try {
        const job = await this.find(caller, id);
        const left = until - Date.now();
        if (hasEnded(job.status) || left <= 0) return job;
        await heard.within(Math.min(left, LOOK_MS));
      } finally {
        heard.stop();
      }
    }
  }

  private async add(
    caller: Principal,
    job: NewJob,
    record?: (tx: Transaction, job: JobView) => Promise<void>,
  ): Promise<JobView> {
    return await this.states.change(async (tx) => {
      await this.requests.admit(tx, job);
      const stored = await this.states.begin(tx, job);
      if (!job.isInternal) await this.recordCreation(tx, caller, job);
      await record?.(tx, stored);
      return stored;
    });
  }

  private async recordCreation(tx: Transaction, caller: Principal, job: NewJob): Promise<void> {
    const { id, kind, source, parameters, seed, priority, deadline } = job;
    await this.log.record(tx, caller, {
      action: 'job.create',
      targets: [`job:${id}`, ...(source ? [`dataset:${source.datasetId}` as const] : [])],
      before: null,
      after: { kind, source, parameters, seed, priority, deadline: deadline.toISOString() },
      details: { kind },
    });
  }
}
