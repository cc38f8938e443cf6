import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { Repository } from 'typeorm';
import { managerOf, type Transaction } from '../../core/database/index.js';
import { StorageIntent } from '../entities/storage-intent.entity.js';

/** An object to remove: its intent is claimed until the lease that `takeDeletes` set. */
export interface DueDelete {
  id: string;
  storageKey: string;
  passes: number;
}

/** A delete that could not be done waits a minute for each time it failed, at most an hour. */
const BACK_OFF = `now() + make_interval(mins => least(attempts, 60))`;

@Injectable()
export class GarbageRepository {
  constructor(
    @InjectRepository(StorageIntent) private readonly intents: Repository<StorageIntent>,
  ) {}

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
  async doom(
    tx: Transaction,
    limits: { graceSeconds: number; retainSeconds: number; batch: number },
  ): Promise<number> {
    const rows = (await managerOf(tx).query(
      `WITH idle AS (
         SELECT id FROM files
         WHERE reference_count = 0 AND zero_since <= now() - make_interval(secs => $1)
         ORDER BY zero_since LIMIT $3 FOR UPDATE SKIP LOCKED
       ), doomed AS (
         DELETE FROM files f USING idle WHERE f.id = idle.id AND f.reference_count = 0
         RETURNING f.backend, f.storage_key
       )
       INSERT INTO storage_intents (id, kind, backend, storage_key, not_before)
       SELECT gen_random_uuid(), 'delete', backend, storage_key, now() + make_interval(secs => $2)
       FROM doomed RETURNING id`,
      [limits.graceSeconds, limits.retainSeconds, limits.batch],
    )) as unknown[];
    return rows.length;
  }

  /** Takes uploads that stopped renewing their lease for dead; from now on they can't publish. */
  async reapUploads(): Promise<number> {
    const [, count] = (await this.intents.query(
      `UPDATE storage_intents
       SET kind = 'delete', lease_until = NULL, passes = 2, not_before = now(),
           attempts = 0, last_error = NULL
       WHERE id IN (SELECT id FROM storage_intents
                    WHERE kind = 'write' AND lease_until < now() FOR UPDATE SKIP LOCKED)`,
    )) as [unknown, number];
    return count;
  }

  /** Claims deletes that are due, for five minutes; another collector gets others. */
  async takeDeletes(backend: string, batch: number): Promise<DueDelete[]> {
    const [rows] = (await this.intents.query(
      `UPDATE storage_intents
       SET lease_until = now() + interval '5 minutes', attempts = attempts + 1
       WHERE id IN (SELECT id FROM storage_intents
                    WHERE kind = 'delete' AND backend = $1 AND not_before <= now()
                      AND (lease_until IS NULL OR lease_until < now())
                    ORDER BY not_before LIMIT $2 FOR UPDATE SKIP LOCKED)
       RETURNING id, storage_key, passes`,
      [backend, batch],
    )) as [{ id: string; storage_key: string; passes: number }[], number];
    return rows.map(({ id, storage_key, passes }) => ({ id, storageKey: storage_key, passes }));
  }

  /**
   * The bytes are gone: the intent goes, or waits for its second pass. Not when another collector
   * has done the same pass since, which can be when this one's claim ran out.
   */
  async finishDelete({ id, passes }: DueDelete, secondPassAfterSeconds: number): Promise<void> {
    if (passes <= 1) {
      await this.intents.query('DELETE FROM storage_intents WHERE id = $1 AND passes = $2', [
        id,
        passes,
      ]);
      return;
    }
    await this.intents.query(
      `UPDATE storage_intents
       SET passes = passes - 1, attempts = 0, lease_until = NULL,
           not_before = now() + make_interval(secs => $3)
       WHERE id = $1 AND passes = $2`,
      [id, passes, secondPassAfterSeconds],
    );
  }

  async postpone(id: string, reason: string): Promise<void> {
    await this.intents.query(
      `UPDATE storage_intents SET lease_until = NULL, not_before = ${BACK_OFF}, last_error = $2
       WHERE id = $1`,
      [id, reason],
    );
  }
}
