import { randomInt } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { v7 as uuidv7 } from 'uuid';
import { ENV, type Env } from '../../core/config/config.js';
import type { IJobHandler, JobRequest, PinnedSource } from '../../core/contracts/jobs.contract.js';
import type { Principal } from '../../core/contracts/principal.contract.js';
import { VERSION_FILES, type IVersionFiles } from '../../core/contracts/version-files.contract.js';
import type { Transaction } from '../../core/database/index.js';
import { ForbiddenError, ValidationFailedError } from '../../core/errors/index.js';
import { JobKinds } from './job-kinds.service.js';
import { TooManyJobsError } from './jobs.errors.js';
import { JobsRepository, type NewJob } from './jobs.repository.js';

type Settings = Pick<Env, 'JOB_MAX_SECONDS' | 'JOBS_QUEUED_PER_USER'>;

/** Makes a job of what was asked: everything that its result depends on is fixed here. */
@Injectable()
export class JobRequests {
  constructor(
    @Inject(ENV) private readonly env: Settings,
    @Inject(VERSION_FILES) private readonly versions: IVersionFiles,
    private readonly kinds: JobKinds,
    private readonly jobs: JobsRepository,
  ) {}

  /**
   * @param isOpen whether kinds are none that only other slices submit
   * @throws what `IJobs.submit` throws
   */
  async complete(caller: Principal, request: JobRequest, isOpen: boolean): Promise<NewJob> {
    // Before the kind: who may not read the source is told that, whatever is asked of it.
    const source = request.source ? await this.versions.pin(caller, request.source) : null;
    const handler = this.handlerOf(request.kind, isOpen);
    const { isInternal = false, engineVersion = null } = handler;
    const { kind, priority = 0 } = request;
    if (priority > 0 && !caller.isAdmin && !isInternal) {
      throw new ForbiddenError('Only admins of the installation let a job begin before others.');
    }
    const parameters = {
      ...(await handler.validate(caller, request.parameters ?? {}, source)),
    };
    return {
      id: uuidv7(),
      kind,
      isInternal,
      source,
      parameters,
      inputDigests: digestsOf([source, ...(handler.sources?.(parameters) ?? [])]),
      seed: seedOf(parameters),
      engineVersion,
      priority,
      deadline: this.deadlineOf(request),
      createdBy: caller.id,
    };
  }

  /** @throws TooManyJobsError */
  async admit(tx: Transaction, job: NewJob): Promise<void> {
    if (job.isInternal) return;
    const limit = this.env.JOBS_QUEUED_PER_USER;
    if ((await this.jobs.countQueued(tx, job.createdBy)) >= limit)
      throw new TooManyJobsError(limit);
  }

  private handlerOf(kind: string, isOpen: boolean): IJobHandler {
    const handler = this.kinds.find(kind);
    if (handler && !(isOpen && handler.isInternal)) return handler;
    const { names } = this.kinds;
    throw ValidationFailedError.of(
      '/kind',
      names.length > 0 ? `must be one of ${names.join(', ')}` : 'there are no kinds of jobs here',
    );
  }

  private deadlineOf({ deadline }: JobRequest): Date {
    const latest = new Date(Date.now() + this.env.JOB_MAX_SECONDS * 1000);
    if (deadline === undefined) return latest;
    if (deadline <= latest) return deadline;
    throw ValidationFailedError.of(
      '/deadline',
      `must be within ${this.env.JOB_MAX_SECONDS} seconds from now`,
    );
  }
}

const digestsOf = (sources: readonly (PinnedSource | null)[]): string[] =>
  sources.flatMap((source) => {
    const { file } = source ?? {};
    return file ? [file, ...(file.patches?.chain ?? [])].map(({ contentHash }) => contentHash) : [];
  });

const seedOf = ({ seed }: Record<string, unknown>): number =>
  Number.isSafeInteger(seed) ? (seed as number) : randomInt(2 ** 32);
