import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { Repository } from 'typeorm';
import type {
  JobFailure,
  JobOutput,
  JobStatus,
  JobView,
} from '../../core/contracts/jobs.contract.js';
import type { PrincipalId } from '../../core/contracts/ids.js';
import { managerOf, type Transaction } from '../../core/database/index.js';
import { Job } from './entities/job.entity.js';

export interface StoredJob extends JobView {
  isInternal: boolean;
  runId: string | null;
}

export type NewJob = Pick<
  StoredJob,
  | 'id'
  | 'kind'
  | 'isInternal'
  | 'source'
  | 'parameters'
  | 'inputDigests'
  | 'seed'
  | 'engineVersion'
  | 'priority'
  | 'deadline'
  | 'createdBy'
>;

export interface JobFilter {
  /** `null`: of every user. */
  createdBy: PrincipalId | null;
  kind: string | null;
  status: JobStatus | null;
  datasetId: string | null;
}

/** What ends a job, and where it was. */
export interface JobEnd {
  status: 'succeeded' | 'failed' | 'cancelled';
  outputs?: readonly JobOutput[];
  error?: JobFailure;
}

export const COLUMNS = `id, kind, is_internal AS "isInternal", status, source, parameters,
  input_digests AS "inputDigests", seed::float8 AS seed, engine_version AS "engineVersion", progress,
  message, outputs, error, priority, deadline, created_by AS "createdBy", created_at AS "createdAt",
  started_at AS "startedAt", finished_at AS "finishedAt", attempts, run_id AS "runId", revision`;

/** Any number that nothing else locks: `jobs` in ASCII. */
const SUBMISSIONS = 0x6a6f6273;

@Injectable()
export class JobsRepository {
  constructor(@InjectRepository(Job) private readonly jobs: Repository<Job>) {}

  async insert(tx: Transaction, job: NewJob): Promise<StoredJob> {
    const [row] = (await managerOf(tx).query(
      `INSERT INTO jobs (id, kind, is_internal, status, source, dataset_id, parameters, input_digests,
         seed, engine_version, priority, deadline, created_by)
       VALUES ($1, $2, $3, 'queued', $4, $5, $6, $7, $8, $9, $10, $11, $12) RETURNING ${COLUMNS}`,
      [
        job.id,
        job.kind,
        job.isInternal,
        job.source && JSON.stringify(job.source),
        job.source?.datasetId,
        JSON.stringify(job.parameters),
        job.inputDigests,
        job.seed,
        job.engineVersion,
        job.priority,
        job.deadline,
        job.createdBy,
      ],
    )) as StoredJob[];
    return row as StoredJob;
  }

  /** How many jobs of this user wait. Until the commit, nobody adds one. */
  async countQueued(tx: Transaction, createdBy: PrincipalId): Promise<number> {
    await managerOf(tx).query('SELECT pg_advisory_xact_lock($1, hashtext($2))', [
      SUBMISSIONS,
      createdBy,
    ]);
    const [row] = (await managerOf(tx).query(
      `SELECT count(*)::int AS count FROM jobs
       WHERE created_by = $1 AND finished_at IS NULL AND status = 'queued' AND NOT is_internal`,
      [createdBy],
    )) as [{ count: number }];
    return row.count;
  }

  async find(id: string): Promise<StoredJob | null> {
    const [row] = (await this.jobs.query(`SELECT ${COLUMNS} FROM jobs WHERE id = $1`, [
      id,
    ])) as StoredJob[];
    return row ?? null;
  }

  /** Newest first, without those that other slices have submitted. */
  async list(filter: JobFilter, before: string | null, limit: number): Promise<StoredJob[]> {
    return (await this.jobs.query(
      `SELECT ${COLUMNS} FROM jobs
       WHERE NOT is_internal AND ($1::uuid IS NULL OR created_by = $1)
         AND ($2::text IS NULL OR kind = $2) AND ($3::text IS NULL OR status = $3)
         AND ($4::uuid IS NULL OR dataset_id = $4) AND ($5::uuid IS NULL OR id < $5)
       ORDER BY id DESC LIMIT $6`,
      [filter.createdBy, filter.kind, filter.status, filter.datasetId, before, limit],
    )) as StoredJob[];
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
    const [rows] = (await managerOf(tx).query(
      `UPDATE jobs SET status = $3::varchar, outputs = $4, error = $5, run_id = NULL, finished_at = now(),
         progress = CASE WHEN $3::varchar = 'succeeded' THEN 1 ELSE progress END, revision = revision + 1
       WHERE id = $1 AND finished_at IS NULL AND ($2::uuid IS NULL OR run_id = $2)
       RETURNING ${COLUMNS}`,
      [
        id,
        runId,
        end.status,
        JSON.stringify(end.outputs ?? []),
        end.error ? JSON.stringify(end.error) : null,
      ],
    )) as [StoredJob[], number];
    return rows[0] ?? null;
  }

  /** Jobs past their deadline: those that wait at once, those that run when their worker has had its time. */
  async overdue(graceSeconds: number, limit: number): Promise<string[]> {
    const rows = (await this.jobs.query(
      `SELECT id FROM jobs
       WHERE finished_at IS NULL AND deadline < now()
         AND (status = 'queued' OR deadline < now() - make_interval(secs => $1))
       ORDER BY deadline LIMIT $2`,
      [graceSeconds, limit],
    )) as { id: string }[];
    return rows.map(({ id }) => id);
  }

  /** Forgets jobs that ended so long ago; their outputs are for the caller to give up. */
  async removeOld(
    tx: Transaction,
    days: number,
    limit: number,
  ): Promise<Pick<StoredJob, 'id' | 'outputs'>[]> {
    const [rows] = (await managerOf(tx).query(
      `DELETE FROM jobs WHERE id IN (
         SELECT id FROM jobs WHERE finished_at < now() - make_interval(days => $1)
         ORDER BY finished_at LIMIT $2 FOR UPDATE SKIP LOCKED)
       RETURNING id, outputs`,
      [days, limit],
    )) as [Pick<StoredJob, 'id' | 'outputs'>[], number];
    return rows;
  }

  /** Of all jobs that have not ended, by their status. */
  async countOpen(): Promise<Record<'queued' | 'running', number>> {
    const [row] = (await this.jobs.query(
      `SELECT count(*) FILTER (WHERE status = 'queued')::int AS queued,
         count(*) FILTER (WHERE status = 'running')::int AS running
       FROM jobs WHERE finished_at IS NULL`,
    )) as [Record<'queued' | 'running', number>];
    return row;
  }
}
