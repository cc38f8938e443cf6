import { DiscoveryService } from '@nestjs/core';
import type { Transaction } from '../database/unit-of-work.js';
import type { StagedArtifact } from './artifact-producer.contract.js';
import type { DatasetId, FileId, PrincipalId, VersionId } from './ids.js';
import type { Principal } from './principal.contract.js';
import type { RowPatches } from './row-patches.contract.js';

export const JOBS = Symbol('IJobs');

export const JOB_STATUSES = ['queued', 'running', 'succeeded', 'failed', 'cancelled'] as const;

export type JobStatus = (typeof JOB_STATUSES)[number];

/** The three that no job leaves. */
export const hasEnded = (status: JobStatus): boolean => status !== 'queued' && status !== 'running';

/** What a job is about, as its caller names it. */
export interface JobSource {
  /** Id or slug. */
  datasetId: string;
  /** A number, an id, a branch, a tag or `latest`; default: `latest`. */
  ref?: string;
  /** Of one file in the version, or, ending in `/`, of a folder; without one, the version as a whole. */
  path?: string;
}

/** The same, pinned at submission: what the names meant then, whatever they mean now. */
export interface PinnedSource {
  datasetId: DatasetId;
  versionId: VersionId;
  versionNumber: number;
  /** As the caller named the version. */
  ref: string;
  /** `null`: the version as a whole. */
  path: string | null;
  /** `null`: a folder, or the version as a whole. */
  file: PinnedFile | null;
}

export interface PinnedFile {
  fileId: FileId;
  /** SHA-256 of the bytes, lower-case hex. */
  contentHash: string;
  size: number;
  fileType: string;
  fileName: string | null;
  compressionType: string | null;
  /** What lies over its rows; a job of before there were any has it not. */
  patches?: RowPatches | null;
}

export interface JobRequest {
  kind: string;
  source?: JobSource;
  /** As the kind wants them; its handler checks them. */
  parameters?: Record<string, unknown>;
  /** Higher ones begin first; -100 to 100, default 0. */
  priority?: number;
  /** When the job fails if it has not ended by then; default and latest: JOB_MAX_SECONDS from now. */
  deadline?: Date;
}

/** Why a job failed. Codes are those of docs/errors.md and of docs/jobs.md. */
export interface JobFailure {
  code: string;
  detail: string;
}

export interface JobOutput {
  name: string;
  fileId: FileId;
}

export interface JobView {
  /** A UUIDv7. */
  id: string;
  kind: string;
  status: JobStatus;
  /** From 0 to 1. */
  progress: number;
  /** What it is at, for people. */
  message: string | null;
  source: PinnedSource | null;
  parameters: Record<string, unknown>;
  /** SHA-256 of what it reads, lower-case hex. */
  inputDigests: string[];
  /** Of all that is chosen by chance in it: `parameters.seed` where that is a whole number. */
  seed: number;
  /** Of what carries it out; `null`: the kind names none. */
  engineVersion: string | null;
  priority: number;
  deadline: Date;
  /** Empty until it has succeeded. */
  outputs: JobOutput[];
  error: JobFailure | null;
  createdBy: PrincipalId;
  createdAt: Date;
  /** Of the latest attempt. */
  startedAt: Date | null;
  finishedAt: Date | null;
  /** How often a worker has begun it. */
  attempts: number;
  /** Grows with every change. */
  revision: number;
}

/**
 * Work that takes longer than a request. A job is carried out by one of the workers of all processes on
 * the database; one whose worker has died is begun again by another, a few times. It ends once: of two
 * workers that both believe it theirs, one ends it and the other changes nothing.
 */
export interface IJobs {
  /**
   * Writes a job down, and has it begun when a worker is free.
   * @param record is called in the same transaction, with the answer to be
   * @throws ValidationFailedError for an unknown kind and for parameters that its handler refuses;
   *   DatasetNotFoundError, VersionNotFoundError, VersionDeletedError, PathNotFoundError for a source
   *   that the caller can't read; TooManyJobsError
   */
  submit(
    caller: Principal,
    request: JobRequest,
    record?: (tx: Transaction, job: JobView) => Promise<void>,
  ): Promise<JobView>;
  /** One of the caller's own; an admin finds any. @throws JobNotFoundError */
  find(caller: Principal, id: string): Promise<JobView>;
  /** Ends it as `cancelled`, whatever its worker is at. One that has ended stays as it is. @throws JobNotFoundError */
  cancel(caller: Principal, id: string): Promise<JobView>;
  /** The job when it has ended, or as it is after so long. @throws JobNotFoundError */
  waitFor(caller: Principal, id: string, milliseconds: number): Promise<JobView>;
}

/** A job in the hands of a worker. */
export interface RunningJob<P = Record<string, unknown>> extends Pick<
  JobView,
  'id' | 'kind' | 'source' | 'seed' | 'deadline' | 'createdBy'
> {
  /** As `validate` has returned them, through JSON. */
  parameters: P;
  /** From 1 on: those before were lost with their workers. */
  attempt: number;
}

export interface JobContext {
  /** Aborted when nobody waits for the job any more: cancelled, too late, taken by another worker, stopped. */
  signal: AbortSignal;
  /** Tells how far it is, as often as wanted: it is written down twice a second at most. */
  readonly progress: (fraction: number, message?: string) => void;
}

/** What a job has made. Everything takes effect in the one transaction that ends the job, or nothing does. */
export interface JobOutputs {
  /** By unique names. Bytes that don't get published are discarded. */
  outputs: { name: string; staged: StagedArtifact }[];
  /** More that belongs to the end: rows of the kind's own. */
  within?: (tx: Transaction, outputs: readonly JobOutput[]) => Promise<void>;
}

/** Marks a provider that is an `IJobHandler`, with the name of its kind: `@JobKind('sampling')`. */
export const JobKind = DiscoveryService.createDecorator<string>();

/** Carries out the jobs of one kind. */
export interface IJobHandler<P extends object = Record<string, unknown>> {
  /** Of what decides the bytes of the outputs beside source, parameters and seed. */
  readonly engineVersion?: string;
  /**
   * Submitted by other slices only: `POST /v1/jobs` does not know it, lists and limits of callers pass
   * it over, and it is in no audit log.
   */
  readonly isInternal?: boolean;
  /** Checks what was asked and returns it complete, as JSON. @throws ValidationFailedError, … */
  validate(
    caller: Principal,
    parameters: Record<string, unknown>,
    source: PinnedSource | null,
  ): Promise<P>;
  /** What it reads beside the job's source, where its parameters name more. */
  sources?(parameters: P): readonly PinnedSource[];
  /**
   * Does the work. It may be begun again after its worker has died, so nothing of it may count before
   * its end. What it throws fails the job: an AppError with its code and detail, else `internal`.
   */
  run(job: RunningJob<P>, context: JobContext): Promise<JobOutputs>;
}
