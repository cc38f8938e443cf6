import { Injectable } from '@nestjs/common';
import { managerOf, type Transaction } from '../../core/database/index.js';
import type { Amount, BrakeReason } from './collection-report.js';

/** A turn as its row names it. */
export interface RunIdentity {
  id: string;
  askedBy: 'schedule' | 'operator';
  /** What it removes does not count against the limit of a day. */
  forced: boolean;
}

/** What one step of a turn adds to it. */
export interface RunProgress {
  reaped?: number;
  expired?: number;
  doomed?: Amount;
  deleted?: Amount;
  failed?: number;
}

export interface RecordedRun extends Required<RunProgress> {
  id: string;
  askedBy: RunIdentity['askedBy'];
  forced: boolean;
  startedAt: Date;
  finishedAt: Date | null;
  heldBack: BrakeReason | null;
}

/** The rows that are kept; those of the last day besides, since the brake counts them. */
const KEPT = 1000;

@Injectable()
export class GcRunsRepository {
  /** Adds to the row of a turn, and makes it the first time. */
  async add(tx: Transaction, run: RunIdentity, progress: RunProgress): Promise<void> {
    const { reaped = 0, expired = 0, doomed, deleted, failed = 0 } = progress;
    await managerOf(tx).query(
      `INSERT INTO gc_runs AS r (id, asked_by, forced, reaped, expired, doomed_objects, doomed_bytes,
         deleted_objects, deleted_bytes, failed)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
       ON CONFLICT (id) DO UPDATE SET
         reaped = r.reaped + excluded.reaped,
         expired = r.expired + excluded.expired,
         doomed_objects = r.doomed_objects + excluded.doomed_objects,
         doomed_bytes = r.doomed_bytes + excluded.doomed_bytes,
         deleted_objects = r.deleted_objects + excluded.deleted_objects,
         deleted_bytes = r.deleted_bytes + excluded.deleted_bytes,
         failed = r.failed + excluded.failed`,
      [
        run.id,
        run.askedBy,
        run.forced,
        reaped,
        expired,
        doomed?.objects ?? 0,
        doomed?.bytes ?? 0,
        deleted?.objects ?? 0,
        deleted?.bytes ?? 0,
        failed,
      ],
    );
  }

  /** The turn is over. `false`: it has left no row. */
  async finish(tx: Transaction, id: string, heldBack: BrakeReason | null): Promise<boolean> {
    const [, count] = (await managerOf(tx).query(
      'UPDATE gc_runs SET finished_at = clock_timestamp(), held_back = $2 WHERE id = $1',
      [id, heldBack],
    )) as [unknown, number];
    if (count === 0) return false;
    await managerOf(tx).query(
      `DELETE FROM gc_runs WHERE started_at < now() - interval '1 day'
         AND started_at < (SELECT started_at FROM gc_runs ORDER BY started_at DESC OFFSET $1 LIMIT 1)`,
      [KEPT - 1],
    );
    return true;
  }

  /** What turns that nobody has forced have taken out of `files` within a day. */
  async doomedInADay(tx: Transaction): Promise<Amount> {
    const [row] = (await managerOf(tx).query(
      `SELECT coalesce(sum(doomed_objects), 0)::float8 AS objects,
         coalesce(sum(doomed_bytes), 0)::float8 AS bytes
       FROM gc_runs WHERE started_at > now() - interval '1 day' AND NOT forced`,
    )) as [Amount];
    return row;
  }

  /** The last turns, newest first. */
  async last(tx: Transaction, limit: number): Promise<RecordedRun[]> {
    return (await managerOf(tx).query(
      `SELECT id, asked_by AS "askedBy", forced, started_at AS "startedAt",
         finished_at AS "finishedAt", reaped, expired, failed, held_back AS "heldBack",
         json_build_object('objects', doomed_objects, 'bytes', doomed_bytes) AS doomed,
         json_build_object('objects', deleted_objects, 'bytes', deleted_bytes) AS deleted
       FROM gc_runs ORDER BY started_at DESC LIMIT $1`,
      [limit],
    )) as RecordedRun[];
  }
}
