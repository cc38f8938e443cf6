import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { Repository } from 'typeorm';
import type {
  AcquiredReference,
  FileUse,
  ReferenceOwner,
} from '../../core/contracts/file-references.contract.js';
import type { FileId } from '../../core/contracts/ids.js';
import { chunksOf } from '../../core/chunks.js';
import { managerOf, type Transaction } from '../../core/database/index.js';
import { StoredFile, type FileHealth } from '../entities/stored-file.entity.js';

/** A row of `files` as far as the bytes are concerned. */
export interface StoredObject {
  id: FileId;
  contentHash: string;
  size: number;
  backend: string;
  storageKey: string;
  health: FileHealth;
  /** When its bytes were last found to be right; at first, when they were written. */
  verifiedAt: Date;
}

export interface NewStoredObject {
  contentHash: string;
  size: number;
  blockCrcs: Buffer;
  backend: string;
  storageKey: string;
}

interface ObjectRow {
  id: number;
  content_hash: string;
  size_bytes: string;
  backend: string;
  storage_key: string;
  health: FileHealth;
  verified_at: Date;
}

const COLUMNS = `id, content_hash, size_bytes, backend, storage_key, health,
  coalesce(last_verified_at, created_at) AS verified_at`;

/** Rows of `files` and the references that their counts count, always changed together. */
@Injectable()
export class StoredFilesRepository {
  constructor(@InjectRepository(StoredFile) private readonly files: Repository<StoredFile>) {}

  async findById(id: FileId): Promise<StoredObject | null> {
    return only(await this.files.query(`SELECT ${COLUMNS} FROM files WHERE id = $1`, [id]));
  }

  async findByHash(contentHash: string): Promise<StoredObject | null> {
    return only(
      await this.files.query(`SELECT ${COLUMNS} FROM files WHERE content_hash = $1`, [contentHash]),
    );
  }

  /** Whether a file's bytes lie under this key. */
  async ownsObject(storageKey: string): Promise<boolean> {
    const rows = (await this.files.query('SELECT 1 FROM files WHERE storage_key = $1', [
      storageKey,
    ])) as unknown[];
    return rows.length > 0;
  }

  /** CRC-32 of the blocks `first` to `last`, four bytes each. */
  async blockCrcs(id: FileId, first: number, last: number): Promise<Buffer> {
    const [row] = (await this.files.query(
      'SELECT substring(block_crcs FROM $2 FOR $3) AS crcs FROM files WHERE id = $1',
      [id, first * 4 + 1, (last - first + 1) * 4],
    )) as { crcs: Buffer }[];
    return row?.crcs ?? Buffer.alloc(0);
  }

  /** One more reference on the row of this content, if there is one. Locks the row. */
  async bumpByHash(tx: Transaction, contentHash: string): Promise<StoredObject | null> {
    const [rows] = (await managerOf(tx).query(
      `UPDATE files SET reference_count = reference_count + 1, zero_since = NULL
       WHERE content_hash = $1 RETURNING ${COLUMNS}`,
      [contentHash],
    )) as [ObjectRow[], number];
    return only(rows);
  }

  /**
   * A row for this content with one reference, or one more on the row that another upload has
   * made. DO UPDATE and not DO NOTHING: it waits for a row that the collector is about to remove.
   */
  async insertOrBump(tx: Transaction, object: NewStoredObject): Promise<StoredObject> {
    const rows = (await managerOf(tx).query(
      `INSERT INTO files (content_hash, size_bytes, block_crcs, backend, storage_key, reference_count)
       VALUES ($1, $2, $3, $4, $5, 1)
       ON CONFLICT (content_hash)
       DO UPDATE SET reference_count = files.reference_count + 1, zero_since = NULL
       RETURNING ${COLUMNS}`,
      [object.contentHash, object.size, object.blockCrcs, object.backend, object.storageKey],
    )) as ObjectRow[];
    return only(rows) as StoredObject;
  }

  /** One more reference on the row of this id, if there is one. */
  async bumpById(tx: Transaction, id: FileId): Promise<boolean> {
    const [, count] = (await managerOf(tx).query(
      'UPDATE files SET reference_count = reference_count + 1, zero_since = NULL WHERE id = $1',
      [id],
    )) as [unknown, number];
    return count === 1;
  }

  async insertReference(
    tx: Transaction,
    fileId: FileId,
    owner: ReferenceOwner,
    use: FileUse,
    attemptId: string | null,
  ): Promise<void> {
    await managerOf(tx).query(
      `INSERT INTO file_references (file_id, owner_type, owner_id, attempt_id,
         file_type, file_name, mime_type, compression_type, metadata, expires_at)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
      [
        fileId,
        owner.type,
        owner.id,
        attemptId,
        use.fileType,
        use.fileName ?? null,
        use.mimeType ?? null,
        use.compressionType ?? null,
        JSON.stringify(use.metadata ?? {}),
        use.expiresAt ?? null,
      ],
    );
  }

  /** One more reference for each mention of an id; rows are locked in the order of content_hash. */
  async bumpAll(
    tx: Transaction,
    ids: readonly FileId[],
  ): Promise<Map<FileId, { fileId: FileId; contentHash: string; size: number }>> {
    const [rows] = (await managerOf(tx).query(
      `WITH asked AS (SELECT id, count(*) AS uses FROM unnest($1::int[]) AS id GROUP BY id),
            locked AS (SELECT f.id, a.uses FROM files f JOIN asked a ON a.id = f.id
                       ORDER BY f.content_hash FOR UPDATE OF f)
       UPDATE files f SET reference_count = f.reference_count + l.uses, zero_since = NULL
       FROM locked l WHERE f.id = l.id RETURNING f.id, f.content_hash, f.size_bytes`,
      [ids],
    )) as [ObjectRow[], number];
    return new Map(
      rows.map(({ id, content_hash, size_bytes }) => [
        id,
        { fileId: id, contentHash: content_hash, size: Number(size_bytes) },
      ]),
    );
  }

  /** Their ids, in the order given. */
  async insertReferences(
    tx: Transaction,
    owner: ReferenceOwner,
    uses: readonly (FileUse & { fileId: FileId })[],
  ): Promise<string[]> {
    const ids: string[] = [];
    for (const chunk of chunksOf(uses)) ids.push(...(await this.insertChunk(tx, owner, chunk)));
    return ids;
  }

  private async insertChunk(
    tx: Transaction,
    owner: ReferenceOwner,
    uses: readonly (FileUse & { fileId: FileId })[],
  ): Promise<string[]> {
    const rows = (await managerOf(tx).query(
      `INSERT INTO file_references (owner_type, owner_id, file_id, file_type, file_name, mime_type,
         compression_type, metadata)
       SELECT $1, $2, u.file_id, u.file_type, u.file_name, u.mime_type, u.compression_type, u.metadata
       FROM unnest($3::int[], $4::text[], $5::text[], $6::text[], $7::text[], $8::jsonb[])
         WITH ORDINALITY
         AS u (file_id, file_type, file_name, mime_type, compression_type, metadata, place)
       ORDER BY u.place RETURNING id`,
      [
        owner.type,
        owner.id,
        uses.map(({ fileId }) => fileId),
        uses.map(({ fileType }) => fileType),
        uses.map(({ fileName }) => fileName ?? null),
        uses.map(({ mimeType }) => mimeType ?? null),
        uses.map(({ compressionType }) => compressionType ?? null),
        uses.map(({ metadata }) => JSON.stringify(metadata ?? {})),
      ],
    )) as { id: string }[];
    return rows.map(({ id }) => id);
  }

  async referencesOfAttempts(
    tx: Transaction,
    attemptIds: readonly string[],
  ): Promise<AcquiredReference[]> {
    return (await managerOf(tx).query(
      `SELECT r.id AS "referenceId", f.id AS "fileId", f.content_hash AS "contentHash",
              f.size_bytes::float8 AS size
       FROM unnest($1::uuid[]) WITH ORDINALITY AS asked (attempt_id, place)
       JOIN file_references r ON r.attempt_id = asked.attempt_id
       JOIN files f ON f.id = r.file_id ORDER BY asked.place`,
      [attemptIds],
    )) as AcquiredReference[];
  }

  async removeReferencesById(tx: Transaction, ids: readonly string[]): Promise<void> {
    await managerOf(tx).query(
      `WITH gone AS (DELETE FROM file_references WHERE id = ANY($1::bigint[]) RETURNING file_id),
            counted AS (SELECT file_id, count(*) AS uses FROM gone GROUP BY file_id),
            locked AS (SELECT f.id, c.uses FROM files f JOIN counted c ON c.file_id = f.id
                       ORDER BY f.content_hash FOR UPDATE OF f)
       UPDATE files f SET reference_count = f.reference_count - l.uses,
         zero_since = CASE WHEN f.reference_count = l.uses THEN now() END
       FROM locked l WHERE f.id = l.id`,
      [ids],
    );
  }

  /** Removes every reference of this owner on this file and counts them off. */
  async removeReferences(tx: Transaction, fileId: FileId, owner: ReferenceOwner): Promise<number> {
    const [, count] = (await managerOf(tx).query(
      'DELETE FROM file_references WHERE file_id = $1 AND owner_type = $2 AND owner_id = $3',
      [fileId, owner.type, owner.id],
    )) as [unknown, number];
    if (count > 0) await this.countOff(tx, fileId, count);
    return count;
  }

  async moveReferences(
    tx: Transaction,
    fileId: FileId,
    from: ReferenceOwner,
    to: ReferenceOwner,
  ): Promise<number> {
    const [, count] = (await managerOf(tx).query(
      `UPDATE file_references SET owner_type = $4, owner_id = $5
       WHERE file_id = $1 AND owner_type = $2 AND owner_id = $3`,
      [fileId, from.type, from.id, to.type, to.id],
    )) as [unknown, number];
    return count;
  }

  async hasReferenceOfAttempt(attemptId: string): Promise<boolean> {
    const rows = (await this.files.query('SELECT 1 FROM file_references WHERE attempt_id = $1', [
      attemptId,
    ])) as unknown[];
    return rows.length > 0;
  }

  /** Points a row, which the transaction has locked, to other bytes of the same content. */
  async replaceObject(
    tx: Transaction,
    id: FileId,
    to: { backend: string; storageKey: string },
  ): Promise<void> {
    await managerOf(tx).query(
      `UPDATE files SET backend = $2, storage_key = $3, health = 'ok', last_verified_at = now()
       WHERE id = $1`,
      [id, to.backend, to.storageKey],
    );
  }

  /** Notes what was found of the bytes under this key; a row that was healed since keeps its state. */
  async markHealth(id: FileId, storageKey: string, health: FileHealth): Promise<void> {
    await this.files.query(
      `UPDATE files SET health = $3,
         last_verified_at = CASE WHEN $3::varchar = 'ok' THEN now() ELSE last_verified_at END
       WHERE id = $1 AND storage_key = $2`,
      [id, storageKey, health],
    );
  }

  private async countOff(tx: Transaction, fileId: FileId, count: number): Promise<void> {
    await managerOf(tx).query(
      `UPDATE files SET reference_count = reference_count - $2,
         zero_since = CASE WHEN reference_count = $2 THEN now() END
       WHERE id = $1`,
      [fileId, count],
    );
  }
}

function only(rows: unknown): StoredObject | null {
  const [row] = rows as ObjectRow[];
  return row
    ? {
        id: row.id,
        contentHash: row.content_hash,
        size: Number(row.size_bytes),
        backend: row.backend,
        storageKey: row.storage_key,
        verifiedAt: row.verified_at,
        health: row.health,
      }
    : null;
}
