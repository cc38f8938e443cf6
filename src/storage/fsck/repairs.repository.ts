import { Injectable } from '@nestjs/common';
import { managerOf, type Transaction } from '../../core/database/index.js';
import type { FileHealth } from '../entities/stored-file.entity.js';
import type { CheckedFile } from './fsck.repository.js';

/**
 * What a repair writes. Each statement asks once more for what was found, on the row that it locks:
 * `false`, and nothing is changed, when it is so no more.
 */
@Injectable()
export class RepairsRepository {
  /** What is known of the bytes under this key. A healed row has another key. */
  async mark(tx: Transaction, file: CheckedFile, health: FileHealth): Promise<boolean> {
    return await this.changes(
      tx,
      `UPDATE files SET health = $3::varchar,
         last_verified_at = CASE WHEN $3::varchar = 'ok' THEN now() ELSE last_verified_at END
       WHERE id = $1 AND storage_key = $2`,
      [file.id, file.storageKey, health],
    );
  }

  async writeCrcs(tx: Transaction, file: CheckedFile, blockCrcs: Buffer): Promise<boolean> {
    return await this.changes(
      tx,
      'UPDATE files SET block_crcs = $3 WHERE id = $1 AND content_hash = $2',
      [file.id, file.contentHash, blockCrcs],
    );
  }

  /**
   * Counts the references of a file again. Whoever adds or removes one locks the row in the same
   * transaction before it commits, so that with the row locked the count of what is committed is right;
   * by a statement of its own, which sees what was committed while the lock was waited for.
   */
  async recount(tx: Transaction, { id }: CheckedFile): Promise<boolean> {
    await managerOf(tx).query('SELECT 1 FROM files WHERE id = $1 FOR UPDATE', [id]);
    return await this.changes(
      tx,
      `UPDATE files f SET reference_count = c.n,
         zero_since = CASE WHEN c.n = 0 THEN coalesce(f.zero_since, now()) END
       FROM (SELECT count(*) AS n FROM file_references WHERE file_id = $1) c
       WHERE f.id = $1 AND (f.reference_count <> c.n OR (c.n = 0) <> (f.zero_since IS NOT NULL))`,
      [id],
    );
  }

  /**
   * Hands an object that nobody names to the collector. Nobody can come to name it: a key is used by
   * one upload only, and an upload without an intent can't publish.
   */
  async openDelete(
    tx: Transaction,
    backend: string,
    storageKey: string,
    afterSeconds: number,
  ): Promise<boolean> {
    const rows = (await managerOf(tx).query(
      `INSERT INTO storage_intents (id, kind, backend, storage_key, not_before)
       SELECT gen_random_uuid(), 'delete', $1::varchar, $2::varchar, now() + make_interval(secs => $3)
       WHERE NOT EXISTS (SELECT FROM files WHERE storage_key = $2::varchar)
         AND NOT EXISTS (SELECT FROM storage_intents WHERE storage_key = $2::varchar)
       RETURNING id`,
      [backend, storageKey, afterSeconds],
    )) as unknown[];
    return rows.length > 0;
  }

  /** Removes an intent on the object of a file. */
  async removeConflict(tx: Transaction, id: string, storageKey: string): Promise<boolean> {
    const owned = (await managerOf(tx).query(
      'SELECT 1 FROM files WHERE storage_key = $1 FOR UPDATE',
      [storageKey],
    )) as unknown[];
    if (owned.length === 0) return false;
    return await this.changes(
      tx,
      'DELETE FROM storage_intents WHERE id = $1 AND storage_key = $2',
      [id, storageKey],
    );
  }

  private async changes(tx: Transaction, sql: string, values: unknown[]): Promise<boolean> {
    const [, count] = (await managerOf(tx).query(sql, values)) as [unknown, number];
    return count > 0;
  }
}
