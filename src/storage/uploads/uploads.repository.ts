import { Inject, Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { Repository } from 'typeorm';
import { ENV, type Env } from '../../core/config/config.js';
import type { StagedState } from '../../core/contracts/storage-backend.contract.js';
import type { FileId, PrincipalId } from '../../core/contracts/ids.js';
import { managerOf, type Transaction } from '../../core/database/index.js';
import { Upload, type UploadKind } from './entities/upload.entity.js';

/** A resumable upload as its owner sees it. */
export interface UploadView {
  id: string;
  ownerId: PrincipalId;
  kind: UploadKind;
  /** Bytes; `null`: not known yet. */
  length: number | null;
  /** Bytes that are durable. */
  offset: number;
  state: StagedState;
  /** Where they lie; `null`: nowhere any more, or in a file. */
  storageKey: string | null;
  metadata: string | null;
  concat: string | null;
  parts: string[] | null;
  fileId: FileId | null;
  /** It can go on: its bytes are kept. */
  isOpen: boolean;
  createdAt: Date;
  expiresAt: Date;
}

export interface NewUpload {
  id: string;
  ownerId: PrincipalId;
  kind: UploadKind;
  length: number | null;
  metadata: string | null;
  concat: string | null;
  parts: string[] | null;
  backend: string;
  storageKey: string;
}

/** Of the row `u`. */
export const UPLOAD_COLUMNS = `
  u.id, u.owner_id AS "ownerId", u.kind, u.upload_length::float8 AS length, u.upload_offset::float8 AS "offset",
  u.backend_state AS state,
  (SELECT i.storage_key FROM storage_intents i WHERE i.id = u.id AND i.kind = 'write') AS "storageKey", u.metadata, u.concat, u.parts, u.file_id AS "fileId",
  u.created_at AS "createdAt", u.expires_at AS "expiresAt",
  u.file_id IS NULL AND EXISTS (SELECT FROM storage_intents i
    WHERE i.id = u.id AND i.kind = 'write' AND i.lease_until > now()) AS "isOpen"`;

/** How long an upload holds room on the disk for bytes that do not come. */
const ROOM_SECONDS = 600;

/** How long it is still told that an upload is over, after its end. */
const TOMBSTONE = `interval '1 day'`;

/** Rows of uploads, always together with the intents that name their bytes. */
@Injectable()
export class UploadsRepository {
  constructor(
    @InjectRepository(Upload) private readonly uploads: Repository<Upload>,
    @Inject(ENV) private readonly env: Pick<Env, 'UPLOAD_EXPIRES_SECONDS'>,
  ) {}

  /** The upload and the intent of its bytes. */
  async insert(tx: Transaction, upload: NewUpload): Promise<void> {
    await managerOf(tx).query(
      `WITH intent AS (
         INSERT INTO storage_intents (id, kind, backend, storage_key, lease_until)
         VALUES ($1, 'write', $8, $9, now() + make_interval(secs => $10)))
       INSERT INTO uploads (id, owner_id, kind, upload_length, metadata, concat, parts, expires_at)
       VALUES ($1, $2, $3, $4, $5, $6, $7, now() + make_interval(secs => $10))`,
      [
        upload.id,
        upload.ownerId,
        upload.kind,
        upload.length,
        upload.metadata,
        upload.concat,
        upload.parts,
        upload.backend,
        upload.storageKey,
        this.env.UPLOAD_EXPIRES_SECONDS,
      ],
    );
  }

  /** @param ownerId `null`: whoever has it */
  async find(ownerId: PrincipalId | null, id: string): Promise<UploadView | null> {
    const [row] = (await this.uploads.query(
      `SELECT ${UPLOAD_COLUMNS} FROM uploads u
       WHERE u.id = $1 AND ($2::uuid IS NULL OR u.owner_id = $2)`,
      [id, ownerId],
    )) as UploadView[];
    return row ?? null;
  }

  /** Those of these that are the owner's, by id. */
  async findAll(ownerId: PrincipalId, ids: readonly string[]): Promise<Map<string, UploadView>> {
    const rows = (await this.uploads.query(
      `SELECT ${UPLOAD_COLUMNS} FROM uploads u WHERE u.id = ANY($1::uuid[]) AND u.owner_id = $2`,
      [ids, ownerId],
    )) as UploadView[];
    return new Map(rows.map((row) => [row.id, row]));
  }

  /** Open uploads in the order of their ids, which are random. */
  async listOpen(
    ownerId: PrincipalId | null,
    after: string | null,
    limit: number,
  ): Promise<UploadView[]> {
    return (await this.uploads.query(
      `SELECT * FROM (
         SELECT ${UPLOAD_COLUMNS} FROM uploads u
         WHERE ($1::uuid IS NULL OR u.owner_id = $1) AND u.file_id IS NULL
           AND ($2::uuid IS NULL OR u.id > $2)) open
       WHERE "isOpen" ORDER BY id LIMIT $3`,
      [ownerId, after, limit],
    )) as UploadView[];
  }

  /**
   * Bytes that uploads may still bring to which something came lately. Those that nobody goes on with hold
   * no room: whoever begins many would keep the others out for days.
   */
  async expectedBytes(): Promise<number> {
    const [row] = (await this.uploads.query(
      `SELECT coalesce(sum(upload_length - upload_offset), 0)::float8 AS bytes FROM uploads
       WHERE file_id IS NULL AND expires_at > now() + make_interval(secs => $1)`,
      [this.env.UPLOAD_EXPIRES_SECONDS - ROOM_SECONDS],
    )) as [{ bytes: number }];
    return row.bytes;
  }

  /** Bytes that the owner's open uploads have, or say that they will have. A final has those of its parts. */
  async openBytes(ownerId: PrincipalId): Promise<number> {
    const [row] = (await this.uploads.query(
      `SELECT coalesce(sum(greatest(upload_length, upload_offset)), 0)::float8 AS bytes FROM uploads
       WHERE owner_id = $1 AND file_id IS NULL AND kind <> 'final' AND expires_at > now()`,
      [ownerId],
    )) as [{ bytes: number }];
    return row.bytes;
  }

  /**
   * As `findAll`; they are kept as they are until the transaction ends. They are read after they were
   * locked, since a statement that has waited for a lock sees intents as they were before.
   * @param ownerId `null`: whoever has them
   */
  async lockAll(
    tx: Transaction,
    ownerId: PrincipalId | null,
    ids: readonly string[],
  ): Promise<Map<string, UploadView>> {
    const theirs = `u.id = ANY($1::uuid[]) AND ($2::uuid IS NULL OR u.owner_id = $2)`;
    await managerOf(tx).query(
      `SELECT FROM uploads u WHERE ${theirs} ORDER BY u.id FOR UPDATE OF u`,
      [ids, ownerId],
    );
    const rows = (await managerOf(tx).query(
      `SELECT ${UPLOAD_COLUMNS} FROM uploads u WHERE ${theirs}`,
      [ids, ownerId],
    )) as UploadView[];
    return new Map(rows.map((row) => [row.id, row]));
  }

  /** The final that these parts were put together to, or are being put together to. */
  async findFinal(
    tx: Transaction,
    ownerId: PrincipalId,
    parts: readonly string[],
  ): Promise<UploadView | null> {
    const [row] = (await managerOf(tx).query(
      `SELECT * FROM (
         SELECT ${UPLOAD_COLUMNS} FROM uploads u
         WHERE u.owner_id = $1 AND u.kind = 'final' AND u.parts = $2::uuid[]) final
       WHERE "isOpen" OR "fileId" IS NOT NULL ORDER BY "createdAt" DESC LIMIT 1`,
      [ownerId, parts],
    )) as UploadView[];
    return row ?? null;
  }

  /** Keeps open uploads for as long again as if bytes had come. They are locked by then. */
  async keep(tx: Transaction, ids: readonly string[]): Promise<void> {
    await managerOf(tx).query(
      `WITH kept AS (
         UPDATE storage_intents SET lease_until = now() + make_interval(secs => $2)
         WHERE id = ANY($1::uuid[]) AND kind = 'write' AND lease_until > now()
         RETURNING id, lease_until)
       UPDATE uploads u SET expires_at = kept.lease_until FROM kept WHERE u.id = kept.id`,
      [ids, this.env.UPLOAD_EXPIRES_SECONDS],
    );
  }

  /** The upload is a file now. */
  async complete(tx: Transaction, id: string, file: { id: FileId; size: number }): Promise<void> {
    await managerOf(tx).query(
      `UPDATE uploads SET file_id = $2, upload_length = $3, upload_offset = $3, lock_until = NULL,
         expires_at = now() + make_interval(secs => $4)
       WHERE id = $1`,
      [id, file.id, file.size, this.env.UPLOAD_EXPIRES_SECONDS],
    );
  }

  /**
   * These uploads are over; nothing can be made of their bytes any more, which are the collector's. What
   * was a file already stays one.
   */
  async end(tx: Transaction, ids: readonly string[]): Promise<void> {
    await managerOf(tx).query(
      `WITH gone AS (
         UPDATE uploads SET file_id = NULL, lock_token = NULL, lock_until = NULL, expires_at = now(),
           upload_offset = CASE WHEN kind = 'partial' THEN upload_offset ELSE 0 END
         WHERE id = ANY($1::uuid[]) RETURNING id)
       UPDATE storage_intents i
       SET kind = 'delete', lease_until = NULL, not_before = now(), passes = 2, attempts = 0
       FROM gone WHERE i.id = gone.id AND i.kind = 'write'`,
      [ids],
    );
  }

  /** Forgets uploads whose end is long past. */
  async sweep(): Promise<number> {
    const [, count] = (await this.uploads.query(
      `DELETE FROM uploads WHERE expires_at < now() - ${TOMBSTONE}
         AND NOT EXISTS (SELECT FROM storage_intents i WHERE i.id = uploads.id AND i.kind = 'write')`,
    )) as [unknown, number];
    return count;
  }
}
