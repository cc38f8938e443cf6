import { Inject, Injectable } from '@nestjs/common';
import {
  ARTIFACT_PRODUCER,
  type IArtifactProducer,
} from '../../core/contracts/artifact-producer.contract.js';
import {
  FILE_REFERENCES,
  madeBy,
  type IFileReferences,
} from '../../core/contracts/file-references.contract.js';
import type { FileId } from '../../core/contracts/ids.js';
import type { JobFailure, JobOutput, JobOutputs } from '../../core/contracts/jobs.contract.js';
import type { Principal } from '../../core/contracts/principal.contract.js';
import type { Transaction } from '../../core/database/index.js';
import { RunsMadeRepository } from '../lineage/runs-made.repository.js';
import { failureOf } from './job-failures.js';
import { JobKinds } from './job-kinds.service.js';
import type { Ticket } from './job-queue.repository.js';
import { JobStates } from './job-states.service.js';
import type { StoredJob } from './jobs.repository.js';
import { RunsRepository } from './runs.repository.js';

/** Whose end it is: nobody else's run ends the job by it. */
export interface EndingRun {
  job: StoredJob;
  runId: string;
  ticket: Ticket;
}

/** Ends runs, each in one transaction with all that belongs to its end. */
@Injectable()
export class JobPublisher {
  constructor(
    @Inject(ARTIFACT_PRODUCER) private readonly producer: IArtifactProducer,
    @Inject(FILE_REFERENCES) private readonly references: IFileReferences,
    private readonly states: JobStates,
    private readonly runs: RunsRepository,
    private readonly kinds: JobKinds,
    private readonly lineage: RunsMadeRepository,
  ) {}

  /** Publishes what it has made; nothing of it when the job is no longer this run's. */
  async succeed(run: EndingRun, made: JobOutputs): Promise<void> {
    const staged = made.outputs.map((output) => output.staged);
    try {
      await this.states.change((tx) => this.publish(tx, run, made));
    } catch (error) {
      await this.producer.discard(staged);
      // No room for it, or a refusal by the kind itself: said to whoever waits for it.
      const failure = failureOf(error);
      if (failure.code === 'internal' || !isFinal(failure)) throw error;
      await this.fail(run, failure);
      return;
    }
    // After a commit there is nothing left to discard; of a lost run there is everything.
    await this.producer.discard(staged);
  }

  async fail({ job, runId }: EndingRun, error: JobFailure): Promise<void> {
    await this.states.change((tx) =>
      this.states.end(tx, job.id, runId, { status: 'failed', error }),
    );
  }

  /** Has another worker begin it again, now. */
  async giveBack({ job, runId, ticket }: EndingRun): Promise<void> {
    await this.states.change(async (tx) => {
      if (await this.runs.release(tx, job.id, runId)) await this.states.giveBack(tx, ticket);
    });
  }

  private async publish(
    tx: Transaction,
    { job, runId }: EndingRun,
    { outputs: made, within }: JobOutputs,
  ): Promise<void> {
    if (!(await this.runs.keep(tx, job.id, runId))) return;
    const owner = madeBy(job.id);
    const staged = made.map((output) => output.staged);
    await this.references.admit(tx, ownerOf(job), owner, staged);
    const ids = await this.producer.publish(tx, staged, owner);
    const outputs: JobOutput[] = made.map(({ name }, index) => ({
      name,
      fileId: ids[index] as FileId,
    }));
    await within?.(tx, outputs);
    await this.record(tx, job, made);
    await this.states.end(tx, job.id, runId, { status: 'succeeded', outputs });
  }

  private async record(
    tx: Transaction,
    job: StoredJob,
    made: JobOutputs['outputs'],
  ): Promise<void> {
    if (made.length === 0) return;
    const more = this.kinds.find(job.kind)?.sources?.(job.parameters) ?? [];
    const outputs = made.map(({ name, staged }) => ({ name, contentHash: staged.contentHash }));
    await this.lineage.record(tx, {
      id: job.id,
      sources: [...(job.source ? [job.source] : []), ...more],
      outputs,
    });
  }
}

/** Whom quotas are told of: a user who may do nothing, since all was permitted at submission. */
const ownerOf = ({ createdBy }: StoredJob): Principal => ({
  id: createdBy,
  name: '',
  isAdmin: false,
  subjects: [createdBy],
  permissions: new Set(),
  keyId: null,
  expiresAt: null,
  requestId: null,
});

/** Failures of the moment, after which the job is worth another attempt. */
const PASSING = ['database-unavailable', 'transaction-conflict', 'outcome-unknown'];

const isFinal = ({ code }: JobFailure): boolean => !PASSING.includes(code);
