import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { Repository } from 'typeorm';
import { managerOf, type Transaction } from '../../core/database/index.js';
import { Job } from './entities/job.entity.js';
import { JOBS_CHANNEL } from './job-news.service.js';
import { COLUMNS, type StoredJob } from './jobs.repository.js';

/** What only the worker of a job writes: each statement is fenced by the id of its run. */
@Injectable()
export class RunsRepository {
  constructor(@InjectRepository(Job) private readonly jobs: Repository<Job>) {}

  /**
   * Makes the job this run's, also when it was another one's: the queue hands it out anew only when that
   * one has given no sign of life. `null`: it has ended, is too late, or was begun often enough.
   */
  async claim(id: string, runId: string, maxAttempts: number): Promise<StoredJob | null> {
    const [row] = (await this.jobs.query(
      `WITH claimed AS (
         UPDATE jobs SET status = 'running', run_id = $2, attempts = attempts + 1, started_at = now(),
           progress = 0, message = NULL, revision = revision + 1
         WHERE id = $1 AND finished_at IS NULL AND deadline > now() AND attempts < $3
         RETURNING *)
       SELECT ${COLUMNS}, pg_notify('${JOBS_CHANNEL}', id || ' running') AS told FROM claimed`,
      [id, runId, maxAttempts],
    )) as StoredJob[];
    return row ?? null;
  }

  /** `false`: the job is no longer this run's. */
  async progress(
    id: string,
    runId: string,
    fraction: number,
    message: string | null,
  ): Promise<boolean> {
    const rows = (await this.jobs.query(
      `WITH moved AS (
         UPDATE jobs SET progress = $3, message = $4, revision = revision + 1
         WHERE id = $1 AND run_id = $2 RETURNING id)
       SELECT pg_notify('${JOBS_CHANNEL}', id || ' running') FROM moved`,
      [id, runId, fraction, message],
    )) as unknown[];
    return rows.length > 0;
  }

  /** Whether the job is this run's, which it then stays until the commit. */
  async keep(tx: Transaction, id: string, runId: string): Promise<boolean> {
    const rows = (await managerOf(tx).query(
      'SELECT FROM jobs WHERE id = $1 AND run_id = $2 FOR UPDATE',
      [id, runId],
    )) as unknown[];
    return rows.length > 0;
  }

  /** Gives it back as if it had not been begun. `false`: it is no longer this run's. */
  async release(tx: Transaction, id: string, runId: string): Promise<boolean> {
    const [, count] = (await managerOf(tx).query(
      `UPDATE jobs SET status = 'queued', run_id = NULL, attempts = attempts - 1, progress = 0,
         message = NULL, revision = revision + 1
       WHERE id = $1 AND run_id = $2`,
      [id, runId],
    )) as [unknown, number];
    return count > 0;
  }
}
