import { Injectable } from '@nestjs/common';
import { managerOf, type Transaction } from '../../core/database/index.js';
import type { Amount, Removals } from './collection-report.js';

/** An object to remove: its intent is claimed until the lease that `takeDeletes` set. */
export interface DueDelete {
  id: string;
  storageKey: string;
  passes: number;
  /** Bytes; 0 when nobody knows. */
  size: number;
}

export interface Delays {
  graceSeconds: number;
  retainSeconds: number;
}

/** A removal that has failed so far. */
export interface FailedRemoval {
  storageKey: string;
  attempts: number;
  lastError: string;
  nextTryAt: Date;
}

/** A delete that could not be done waits a minute for each time it failed, at most an hour. */
const BACK_OFF = `now() + make_interval(mins => least(attempts, 60))`;

const DUE_DELETE = `kind = 'delete' AND backend = $1 AND not_before <= now()
  AND (lease_until IS NULL OR lease_until < now())`;

const MAX_ERROR_LENGTH = 500;

/** What the collector changes, each step in the caller's transaction. All times are the database's. */
@Injectable()
export class GarbageRepository {
  /** What a turn would do now: everything that is due, and what becomes due by doing it. */
  async foresee(
    tx: Transaction,
    backend: string,
    { graceSeconds, retainSeconds }: Delays,
  ): Promise<Removals> {
    const [row] = (await managerOf(tx).query(
      `WITH over AS (
         SELECT file_id, count(*) AS n FROM file_references WHERE expires_at <= now()
         GROUP BY file_id
       ), idle AS MATERIALIZED (
         SELECT backend, size_bytes FROM files
         WHERE reference_count = 0 AND zero_since <= now() - make_interval(secs => $2)
         UNION ALL
         SELECT f.backend, f.size_bytes FROM over JOIN files f ON f.id = over.file_id
         WHERE f.reference_count = over.n AND $2::float8 = 0
       ), due AS MATERIALIZED (
         SELECT size_bytes FROM storage_intents WHERE ${DUE_DELETE}
         UNION ALL
         SELECT NULL FROM storage_intents
         WHERE kind = 'write' AND backend = $1 AND lease_until < now()
         UNION ALL
         SELECT size_bytes FROM idle WHERE backend = $1 AND $3::float8 = 0
       )
       SELECT (SELECT count(*) FROM storage_intents
               WHERE kind = 'write' AND lease_until < now())::int AS reaped,
         (SELECT coalesce(sum(n), 0) FROM over)::int AS expired,
         (SELECT count(*) FROM idle)::int AS "doomedObjects",
         (SELECT coalesce(sum(size_bytes), 0) FROM idle)::float8 AS "doomedBytes",
         (SELECT count(*) FROM due)::int AS "deletedObjects",
         (SELECT coalesce(sum(size_bytes), 0) FROM due)::float8 AS "deletedBytes"`,
      [backend, graceSeconds, retainSeconds],
    )) as [Record<'reaped' | 'expired' | `${'doomed' | 'deleted'}${'Objects' | 'Bytes'}`, number>];
    return {
      reaped: row.reaped,
      expired: row.expired,
      doomed: { objects: row.doomedObjects, bytes: row.doomedBytes },
      deleted: { objects: row.deletedObjects, bytes: row.deletedBytes },
    };
  }

  /** All files and their bytes. Reads every row: half a second for a million, on two busy cores. */
  async countFiles(tx: Transaction): Promise<Amount> {
    const [row] = (await managerOf(tx).query(
      `SELECT count(*)::float8 AS objects, coalesce(sum(size_bytes), 0)::float8 AS bytes FROM files`,
    )) as [Amount];
    return row;
  }

  /**
   * Gives up references whose time is over, and counts them off. Files are locked in the order of
   * their content hash, as everywhere.
   */
  async expireReferences(tx: Transaction, batch: number): Promise<number> {
    const rows = (await managerOf(tx).query(
      `WITH over AS (
         SELECT id FROM file_references WHERE expires_at <= now()
         ORDER BY expires_at LIMIT $1 FOR UPDATE SKIP LOCKED
       ), gone AS (
         DELETE FROM file_references r USING over WHERE r.id = over.id RETURNING r.file_id
       ), counts AS (
         SELECT file_id, count(*) AS n FROM gone GROUP BY file_id
       ), locked AS (
         SELECT f.id, counts.n FROM files f JOIN counts ON counts.file_id = f.id
         ORDER BY f.content_hash FOR UPDATE OF f
       ), counted AS (
         UPDATE files f SET reference_count = reference_count - locked.n,
           zero_since = CASE WHEN reference_count = locked.n THEN now() END
         FROM locked WHERE f.id = locked.id
       )
       SELECT count(*)::int AS expired FROM gone`,
      [batch],
    )) as [{ expired: number }];
    return rows[0].expired;
  }

  /**
   * Turns files without references into delete intents, atomically: the row leaves `files` and its
   * object is still named. A dedup hit that comes first is seen (the row is locked and read again);
   * one that comes later finds no row and inserts its own bytes.
   */
  async doom(tx: Transaction, limits: Delays & { batch: number }): Promise<Amount> {
    const rows = (await managerOf(tx).query(
      `WITH idle AS (
         SELECT id FROM files
         WHERE reference_count = 0 AND zero_since <= now() - make_interval(secs => $1)
         ORDER BY zero_since LIMIT $3 FOR UPDATE SKIP LOCKED
       ), doomed AS (
         DELETE FROM files f USING idle WHERE f.id = idle.id AND f.reference_count = 0
         RETURNING f.backend, f.storage_key, f.size_bytes
       )
       INSERT INTO storage_intents (id, kind, backend, storage_key, size_bytes, not_before)
       SELECT gen_random_uuid(), 'delete', backend, storage_key, size_bytes,
         now() + make_interval(secs => $2)
       FROM doomed RETURNING size_bytes::float8 AS size`,
      [limits.graceSeconds, limits.retainSeconds, limits.batch],
    )) as { size: number }[];
    return { objects: rows.length, bytes: rows.reduce((sum, { size }) => sum + size, 0) };
  }

  /** Takes uploads that stopped renewing their lease for dead; from now on they can't publish. */
  async reapUploads(tx: Transaction): Promise<number> {
    const [, count] = (await managerOf(tx).query(
      `UPDATE storage_intents
       SET kind = 'delete', lease_until = NULL, passes = 2, not_before = now(),
           attempts = 0, last_error = NULL
       WHERE id IN (SELECT id FROM storage_intents
                    WHERE kind = 'write' AND lease_until < now() FOR UPDATE SKIP LOCKED)`,
    )) as [unknown, number];
    return count;
  }

  /** Claims deletes that are due, for five minutes; another collector gets others. */
  async takeDeletes(tx: Transaction, backend: string, batch: number): Promise<DueDelete[]> {
    const [rows] = (await managerOf(tx).query(
      `UPDATE storage_intents
       SET lease_until = now() + interval '5 minutes', attempts = attempts + 1
       WHERE id IN (SELECT id FROM storage_intents WHERE ${DUE_DELETE}
                    ORDER BY not_before LIMIT $2 FOR UPDATE SKIP LOCKED)
       RETURNING id, storage_key AS "storageKey", passes, coalesce(size_bytes, 0)::float8 AS size`,
      [backend, batch],
    )) as [DueDelete[], number];
    return rows;
  }

  /**
   * The bytes are gone: the intent goes, or waits for its second pass. Not when another collector
   * has done the same pass since, which can be when this one's claim ran out.
   */
  async finishDelete(
    tx: Transaction,
    { id, passes }: DueDelete,
    secondPassAfterSeconds: number,
  ): Promise<void> {
    if (passes <= 1) {
      const sql = 'DELETE FROM storage_intents WHERE id = $1 AND passes = $2';
      await managerOf(tx).query(sql, [id, passes]);
      return;
    }
    await managerOf(tx).query(
      `UPDATE storage_intents
       SET passes = passes - 1, attempts = 0, last_error = NULL, lease_until = NULL,
           not_before = now() + make_interval(secs => $3)
       WHERE id = $1 AND passes = $2`,
      [id, passes, secondPassAfterSeconds],
    );
  }

  /** To be called in a transaction of its own: the one that failed takes nothing more. */
  async postpone(tx: Transaction, id: string, reason: string): Promise<void> {
    await managerOf(tx).query(
      `UPDATE storage_intents SET lease_until = NULL, not_before = ${BACK_OFF}, last_error = $2
       WHERE id = $1`,
      [id, reason.slice(0, MAX_ERROR_LENGTH)],
    );
  }

  /** Removals that have failed so far, those that failed most often first, and how many there are. */
  async failures(
    tx: Transaction,
    limit: number,
  ): Promise<{ count: number; items: FailedRemoval[] }> {
    const rows = (await managerOf(tx).query(
      `SELECT storage_key AS "storageKey", attempts, last_error AS "lastError",
         not_before AS "nextTryAt", count(*) OVER ()::int AS count
       FROM storage_intents WHERE kind = 'delete' AND last_error IS NOT NULL
       ORDER BY attempts DESC, not_before LIMIT $1`,
      [limit],
    )) as (FailedRemoval & { count: number })[];
    return { count: rows[0]?.count ?? 0, items: rows.map(({ count: _, ...item }) => item) };
  }
}
