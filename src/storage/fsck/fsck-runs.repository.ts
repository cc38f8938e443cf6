import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { Repository } from 'typeorm';
import { managerOf, type Transaction } from '../../core/database/index.js';
import { FsckRun, type FsckStatus } from './entities/fsck-run.entity.js';
import type { FsckFinding, FsckProgress } from './findings.js';

/** A run that has given no sign of life for so long is over. */
const DEAD_AFTER = `interval '60 seconds'`;
/** Older ones are forgotten. */
const KEPT = 100;

/** A run, without what it has found. */
export type FsckRunSummary = Omit<FsckRun, 'findings' | 'heartbeatAt'>;

const SUMMARY = `id, status, read_data AS "readData", repair, seed, started_by AS "startedBy",
  started_at AS "startedAt", finished_at AS "finishedAt", progress, error`;

@Injectable()
export class FsckRunsRepository {
  constructor(@InjectRepository(FsckRun) private readonly runs: Repository<FsckRun>) {}

  /** `false`: another one runs. */
  async insert(
    tx: Transaction,
    run: Pick<FsckRun, 'id' | 'readData' | 'repair' | 'startedBy'> & { seed: number },
  ): Promise<boolean> {
    await managerOf(tx).query(
      `DELETE FROM fsck_runs WHERE status <> 'running' AND id <= (
         SELECT id FROM fsck_runs ORDER BY id DESC OFFSET $1 LIMIT 1)`,
      [KEPT - 1],
    );
    const rows = (await managerOf(tx).query(
      `INSERT INTO fsck_runs (id, status, read_data, repair, seed, started_by)
       VALUES ($1, 'running', $2, $3, $4, $5)
       ON CONFLICT (status) WHERE status = 'running' DO NOTHING RETURNING id`,
      [run.id, run.readData, run.repair, run.seed, run.startedBy],
    )) as unknown[];
    return rows.length > 0;
  }

  async runningId(tx: Transaction): Promise<string | null> {
    const [row] = (await managerOf(tx).query(
      `SELECT id FROM fsck_runs WHERE status = 'running'`,
    )) as { id: string }[];
    return row?.id ?? null;
  }

  /** Ends runs whose process has died. */
  async endDead(): Promise<void> {
    await this.runs.query(
      `UPDATE fsck_runs SET status = 'interrupted', finished_at = heartbeat_at
       WHERE status = 'running' AND heartbeat_at < now() - ${DEAD_AFTER}`,
    );
  }

  /** A sign of life. `false`: it was cancelled, or taken for dead. */
  async beat(
    id: string,
    progress: Readonly<FsckProgress>,
    findings: readonly FsckFinding[],
  ): Promise<boolean> {
    const [, count] = (await this.runs.query(
      `UPDATE fsck_runs SET heartbeat_at = now(), progress = $2, findings = $3
       WHERE id = $1 AND status = 'running'`,
      [id, JSON.stringify(progress), JSON.stringify(findings)],
    )) as [unknown, number];
    return count > 0;
  }

  async finish(id: string, status: FsckStatus, error: string | null): Promise<void> {
    await this.runs.query(
      `UPDATE fsck_runs SET status = $2, error = $3, finished_at = now()
       WHERE id = $1 AND status = 'running'`,
      [id, status, error],
    );
  }

  /** `false`: it has ended already. */
  async cancel(tx: Transaction, id: string): Promise<boolean> {
    const [, count] = (await managerOf(tx).query(
      `UPDATE fsck_runs SET status = 'cancelled', finished_at = now()
       WHERE id = $1 AND status = 'running'`,
      [id],
    )) as [unknown, number];
    return count > 0;
  }

  async find(id: string): Promise<(FsckRunSummary & Pick<FsckRun, 'findings'>) | null> {
    const rows = (await this.runs.query(
      `SELECT ${SUMMARY}, findings FROM fsck_runs WHERE id = $1`,
      [id],
    )) as (FsckRunSummary & Pick<FsckRun, 'findings'>)[];
    return rows[0] ?? null;
  }

  /** Newest first. */
  async list(before: string | null, limit: number): Promise<FsckRunSummary[]> {
    return (await this.runs.query(
      `SELECT ${SUMMARY} FROM fsck_runs WHERE $1::uuid IS NULL OR id < $1
       ORDER BY id DESC LIMIT $2`,
      [before, limit],
    )) as FsckRunSummary[];
  }
}
