import { Check, Column, CreateDateColumn, Entity, Index, PrimaryColumn } from 'typeorm';
import type {
  JobFailure,
  JobOutput,
  JobStatus,
  PinnedSource,
} from '../../../core/contracts/jobs.contract.js';

/** What is to be done, what becomes of it, and why. The queue beside it only wakes workers and claims. */
@Entity('jobs')
@Check('jobs_status_check', `"status" IN ('queued', 'running', 'succeeded', 'failed', 'cancelled')`)
@Check('jobs_run_check', `("status" = 'running') = ("run_id" IS NOT NULL)`)
@Check(
  'jobs_end_check',
  `("status" IN ('succeeded', 'failed', 'cancelled')) = ("finished_at" IS NOT NULL)`,
)
@Index('jobs_created_by_index', ['createdBy', 'id'])
@Index('jobs_dataset_index', ['datasetId', 'id'], { where: `"dataset_id" IS NOT NULL` })
@Index('jobs_open_index', ['deadline'], { where: `"finished_at" IS NULL` })
@Index('jobs_finished_index', ['finishedAt'], { where: `"finished_at" IS NOT NULL` })
export class Job {
  /** A UUIDv7; also that of its ticket in the queue. */
  @PrimaryColumn({ type: 'uuid', primaryKeyConstraintName: 'jobs_pkey' })
  id: string;

  @Column({ type: 'varchar', length: 64, name: 'kind' })
  kind: string;

  /** Submitted by another slice, not by a caller. */
  @Column({ type: 'boolean', name: 'is_internal' })
  isInternal: boolean;

  @Column({ type: 'varchar', length: 12, name: 'status' })
  status: JobStatus;

  @Column({ type: 'jsonb', name: 'source', nullable: true })
  source: PinnedSource | null;

  /** Of the source. */
  @Column({ type: 'uuid', name: 'dataset_id', nullable: true })
  datasetId: string | null;

  @Column({ type: 'jsonb', name: 'parameters' })
  parameters: Record<string, unknown>;

  @Column({ type: 'text', name: 'input_digests', array: true })
  inputDigests: string[];

  @Column({ type: 'bigint', name: 'seed' })
  seed: string;

  @Column({ type: 'varchar', length: 64, name: 'engine_version', nullable: true })
  engineVersion: string | null;

  @Column({ type: 'double precision', name: 'progress', default: 0 })
  progress: number;

  @Column({ type: 'text', name: 'message', nullable: true })
  message: string | null;

  @Column({ type: 'jsonb', name: 'outputs', default: [] })
  outputs: JobOutput[];

  @Column({ type: 'jsonb', name: 'error', nullable: true })
  error: JobFailure | null;

  @Column({ type: 'smallint', name: 'priority', default: 0 })
  priority: number;

  @Column({ type: 'timestamptz', name: 'deadline' })
  deadline: Date;

  @Column({ type: 'uuid', name: 'created_by' })
  createdBy: string;

  @CreateDateColumn({ type: 'timestamptz', name: 'created_at' })
  createdAt: Date;

  @Column({ type: 'timestamptz', name: 'started_at', nullable: true })
  startedAt: Date | null;

  @Column({ type: 'timestamptz', name: 'finished_at', nullable: true })
  finishedAt: Date | null;

  /** How often a worker has begun it, but for those that gave it back. */
  @Column({ type: 'smallint', name: 'attempts', default: 0 })
  attempts: number;

  /** The attempt that it belongs to, and nobody else writes to it: another at each claim. */
  @Column({ type: 'uuid', name: 'run_id', nullable: true })
  runId: string | null;

  /** Grows with every change. */
  @Column({ type: 'integer', name: 'revision', default: 0 })
  revision: number;
}
