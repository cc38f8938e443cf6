import { Injectable } from '@nestjs/common';
import type { DatasetId } from '../../core/contracts/ids.js';
import type { Principal } from '../../core/contracts/principal.contract.js';
import { brokenUniqueConstraint, managerOf, type Transaction } from '../../core/database/index.js';
import { SlugTakenError } from '../datasets.errors.js';

/** For how long a deleted dataset can be restored. */
export const RESTORABLE_DAYS = 7;

/** What hides datasets and versions, and shows datasets again. */
@Injectable()
export class DeletionRepository {
  async hideDataset(tx: Transaction, id: string): Promise<void> {
    await managerOf(tx).query('UPDATE datasets SET deleted_at = now() WHERE id = $1', [id]);
  }

  /**
   * A deleted dataset that can still be restored by this caller, who owns it or was granted to be an
   * admin of it, locked; of several that had the slug the one that was deleted last.
   */
  async lockRestorable(
    tx: Transaction,
    caller: Principal,
    key: { id: DatasetId } | { slug: string },
  ): Promise<{ id: DatasetId; slug: string } | null> {
    const [column, value] = 'id' in key ? ['id', key.id] : ['slug', key.slug];
    const [row] = (await managerOf(tx).query(
      `SELECT id, slug FROM datasets d WHERE ${column} = $3
         AND ($1::boolean OR owner_id = ANY($2::uuid[]) OR EXISTS (
           SELECT FROM dataset_grants g WHERE g.dataset_id = d.id AND g.role = 'admin'
             AND coalesce(g.user_id, g.group_id) = ANY($2::uuid[])))
         AND deleted_at > now() - make_interval(days => $4)
       ORDER BY deleted_at DESC LIMIT 1 FOR NO KEY UPDATE`,
      [caller.isAdmin, caller.subjects, value, RESTORABLE_DAYS],
    )) as { id: DatasetId; slug: string }[];
    return row ?? null;
  }

  /** @throws SlugTakenError */
  async showDataset(tx: Transaction, id: string, slug: string): Promise<void> {
    try {
      await managerOf(tx).query(
        `UPDATE datasets SET deleted_at = NULL, updated_at = now(), slug = $2, revision = revision + 1
         WHERE id = $1`,
        [id, slug],
      );
    } catch (error) {
      if (brokenUniqueConstraint(error) === 'datasets_slug_key') throw new SlugTakenError(slug);
      throw error;
    }
  }

  /** Hides a version, and sets branches that were at it back to its nearest ancestor that is left. */
  async hideVersion(tx: Transaction, version: { id: string; datasetId: string }): Promise<void> {
    await managerOf(tx).query('UPDATE dataset_versions SET deleted_at = now() WHERE id = $1', [
      version.id,
    ]);
    await managerOf(tx).query(
      `UPDATE datasets SET version_count = version_count - 1, deleted_versions = deleted_versions + 1,
         updated_at = now()
       WHERE id = $1`,
      [version.datasetId],
    );
    await managerOf(tx).query(
      `WITH RECURSIVE up AS (
         SELECT id, parent_id, deleted_at, 0 AS step FROM dataset_versions WHERE id = $1
         UNION ALL
         SELECT v.id, v.parent_id, v.deleted_at, up.step + 1
         FROM up JOIN dataset_versions v ON v.id = up.parent_id WHERE up.deleted_at IS NOT NULL),
       ancestor AS (SELECT id FROM up WHERE deleted_at IS NULL),
       moved AS (
         UPDATE dataset_refs r SET version_id = a.id, updated_at = now() FROM ancestor a
         WHERE r.version_id = $1 AND r.kind = 'branch')
       DELETE FROM dataset_refs r
       WHERE r.version_id = $1 AND r.kind = 'branch' AND NOT EXISTS (SELECT 1 FROM ancestor)`,
      [version.id],
    );
  }
}
