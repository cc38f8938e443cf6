import { Injectable } from '@nestjs/common';
import type { FileId } from '../../core/contracts/ids.js';
import { managerOf, type Transaction } from '../../core/database/index.js';
import type { FileHealth } from '../entities/stored-file.entity.js';

/** A row of `files` with what its references really are, in one snapshot. */
export interface CheckedFile {
  id: FileId;
  contentHash: string;
  size: number;
  backend: string;
  storageKey: string;
  health: FileHealth;
  count: number;
  counted: number;
  isZeroSinceRight: boolean;
}

export interface DanglingReference {
  id: string;
  fileId: number;
  owner: string;
}

export interface CheckedIntent {
  id: string;
  kind: 'write' | 'delete';
  storageKey: string;
  lastError: string | null;
  /** Names the object of a file. */
  isConflicting: boolean;
  /** A dead upload, or a removal, that has waited for a collector for a day. */
  isOverdue: boolean;
}

/** What the check reads: each method is one statement, and so one moment. */
@Injectable()
export class FsckRepository {
  async countFiles(tx: Transaction): Promise<number> {
    const [row] = (await managerOf(tx).query('SELECT count(*)::float8 AS count FROM files')) as [
      { count: number },
    ];
    return row.count;
  }

  async filesAfter(tx: Transaction, id: FileId, limit: number): Promise<CheckedFile[]> {
    return (await managerOf(tx).query(
      `SELECT f.id, f.content_hash AS "contentHash", f.size_bytes::float8 AS size, f.backend,
         f.storage_key AS "storageKey", f.health, f.reference_count::float8 AS count,
         (SELECT count(*)::float8 FROM file_references r WHERE r.file_id = f.id) AS counted,
         (f.reference_count = 0) = (f.zero_since IS NOT NULL) AS "isZeroSinceRight"
       FROM files f WHERE f.id > $1 ORDER BY f.id LIMIT $2`,
      [id, limit],
    )) as CheckedFile[];
  }

  /** Whether the row still says that its bytes are there. */
  async isAt(tx: Transaction, { id, storageKey }: CheckedFile): Promise<boolean> {
    const rows = (await managerOf(tx).query(
      'SELECT 1 FROM files WHERE id = $1 AND storage_key = $2',
      [id, storageKey],
    )) as unknown[];
    return rows.length > 0;
  }

  async blockCrcs(tx: Transaction, id: FileId): Promise<Buffer | null> {
    const [row] = (await managerOf(tx).query('SELECT block_crcs FROM files WHERE id = $1', [
      id,
    ])) as { block_crcs: Buffer }[];
    return row?.block_crcs ?? null;
  }

  /** Who holds a file, for people, but for slices that tell of their uses themselves. */
  async holdersOf(tx: Transaction, id: FileId, limit: number): Promise<string[]> {
    const rows = (await managerOf(tx).query(
      `SELECT owner_type, owner_id, file_name FROM file_references
       WHERE file_id = $1 AND owner_type NOT IN ('dataset', 'derived', 'job') ORDER BY id LIMIT $2`,
      [id, limit],
    )) as { owner_type: string; owner_id: string; file_name: string | null }[];
    return rows.map(
      (row) => `${row.owner_type} of ${row.owner_id}${row.file_name ? `: ${row.file_name}` : ''}`,
    );
  }

  /** Looks at the next references. `next`: where to go on; `null` at the end. */
  async danglingAfter(
    tx: Transaction,
    after: string,
    limit: number,
  ): Promise<{ dangling: DanglingReference[]; next: string | null }> {
    const [batch] = (await managerOf(tx).query(
      `SELECT CASE WHEN count(*) = $2 THEN max(r.id) END AS next,
         json_agg(json_build_object('id', r.id::text, 'fileId', r.file_id,
           'owner', r.owner_type || ' of ' || r.owner_id) ORDER BY r.id)
           FILTER (WHERE f.id IS NULL) AS dangling
       FROM (SELECT id, file_id, owner_type, owner_id FROM file_references
             WHERE id > $1 ORDER BY id LIMIT $2) r
       LEFT JOIN files f ON f.id = r.file_id`,
      [after, limit],
    )) as [{ dangling: DanglingReference[] | null; next: string | null }];
    return { dangling: batch.dangling ?? [], next: batch.next };
  }

  /** Those of these keys that no file and no intent names. */
  async unnamed(tx: Transaction, keys: readonly string[]): Promise<string[]> {
    const rows = (await managerOf(tx).query(
      `SELECT k.key FROM unnest($1::text[]) AS k (key)
       WHERE NOT EXISTS (SELECT FROM files f WHERE f.storage_key = k.key)
         AND NOT EXISTS (SELECT FROM storage_intents i WHERE i.storage_key = k.key)`,
      [keys],
    )) as { key: string }[];
    return rows.map(({ key }) => key);
  }

  /** Those of these keys that a file names and no intent: nobody writes to them. */
  async settled(tx: Transaction, keys: readonly string[]): Promise<string[]> {
    const rows = (await managerOf(tx).query(
      `SELECT f.storage_key AS key FROM files f WHERE f.storage_key = ANY($1::text[])
         AND NOT EXISTS (SELECT FROM storage_intents i WHERE i.storage_key = f.storage_key)`,
      [keys],
    )) as { key: string }[];
    return rows.map(({ key }) => key);
  }

  /** The number of the collector's last mark; 0 when it has made none. */
  async lastMark(tx: Transaction): Promise<number> {
    const [row] = (await managerOf(tx).query('SELECT mark::float8 AS mark FROM gc_state')) as {
      mark: number;
    }[];
    return row?.mark ?? 0;
  }

  async intentsAfter(tx: Transaction, after: string, limit: number): Promise<CheckedIntent[]> {
    return (await managerOf(tx).query(
      `SELECT i.id, i.kind, i.storage_key AS "storageKey", i.last_error AS "lastError",
         EXISTS (SELECT FROM files f WHERE f.storage_key = i.storage_key) AS "isConflicting",
         CASE i.kind WHEN 'write' THEN i.lease_until < now() - interval '1 day'
           ELSE i.attempts >= 5 OR (i.not_before < now() - interval '1 day'
             AND coalesce(i.lease_until < now(), true)) END AS "isOverdue"
       FROM storage_intents i WHERE i.id > $1 ORDER BY i.id LIMIT $2`,
      [after, limit],
    )) as CheckedIntent[];
  }
}
