import DataLoader from 'dataloader';
import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { Repository } from 'typeorm';
import type { FileUse, ReferenceOwner } from '../../core/contracts/file-references.contract.js';
import type { FileId } from '../../core/contracts/ids.js';
import type { Principal } from '../../core/contracts/principal.contract.js';
import { hasRole, managerOf, ownsJob, type Transaction } from '../../core/database/index.js';
import { FileReference } from '../entities/file-reference.entity.js';

/** A file as one caller sees it. */
export interface FileView {
  id: FileId;
  contentHash: string;
  size: number;
  fileType: string;
  fileName: string | null;
  mimeType: string | null;
  compressionType: string | null;
  metadata: Record<string, unknown>;
  /** When the shown hold ends by itself. */
  expiresAt: Date | null;
  createdAt: Date;
}

/** A hold whose time is over is gone, also before the collector has come by. */
const ALIVE = '(r.expires_at IS NULL OR r.expires_at > now())';

/** Who asks, where one caller does: `asking` binds it. */
const CALLER = '(SELECT $1::boolean AS is_admin, $2::text AS id, $3::uuid[] AS subjects) caller';

const asking = (caller: Principal): unknown[] => [caller.isAdmin, caller.id, caller.subjects];

/** Which references `r` the `caller` may read: the caller's own and those of their jobs, and those of datasets as these are. */
const READABLE = `(${ALIVE} AND (caller.is_admin OR CASE r.owner_type
  WHEN 'hold' THEN r.owner_id = caller.id
  WHEN 'dataset' THEN ${hasRole('r.owner_id::uuid', 'caller.subjects')}
  WHEN 'job' THEN ${ownsJob('r.owner_id::uuid', 'caller.id')}
  ELSE false END))`;

/** A page of files out of many lists, which are read at their ends, costs less than a look at all. */
const FEW_DATASETS = 10_000;

/** As many of the caller's files as a page needs, below $5: of each list no more than the page. */
const HELD_FILES = `(
  SELECT f.* FROM files f JOIN (
    SELECT DISTINCT hit.file_id FROM (
      SELECT 'hold' AS type, $2::text AS id UNION
      SELECT 'dataset', access.dataset_id::text FROM dataset_access access
      WHERE access.subject_id = ANY($3::uuid[]) UNION
      SELECT 'job', job.id::text FROM jobs job
      WHERE job.created_by = $2::uuid AND job.status = 'succeeded') owner
    CROSS JOIN LATERAL (
      SELECT DISTINCT r.file_id FROM file_references r
      WHERE r.owner_type = owner.type AND r.owner_id = owner.id AND ${ALIVE}
        AND ($5::int IS NULL OR r.file_id < $5)
      ORDER BY r.file_id DESC LIMIT $6) hit
    ORDER BY hit.file_id DESC LIMIT $6) page ON page.file_id = f.id)`;

const VIEW_COLUMNS = `
  f.id, f.content_hash, f.size_bytes, oldest.created_at, shown.file_type, shown.file_name,
  shown.mime_type, shown.compression_type, shown.metadata, shown.expires_at`;

/**
 * Joined to the file `f` and the `caller`: type and metadata are those of the caller's latest hold,
 * else of the oldest readable reference. Those of derived results, which admins read, come last: they
 * say nothing of the file.
 */
const VIEW_JOINS = `
  JOIN LATERAL (
    SELECT r.id, r.created_at FROM file_references r
    WHERE r.file_id = f.id AND ${READABLE}
    ORDER BY r.owner_type = 'derived', r.id LIMIT 1) oldest ON true
  LEFT JOIN LATERAL (
    SELECT r.id FROM file_references r
    WHERE r.file_id = f.id AND r.owner_type = 'hold' AND r.owner_id = caller.id AND ${ALIVE}
    ORDER BY r.id DESC LIMIT 1) own ON true
  JOIN file_references shown ON shown.id = coalesce(own.id, oldest.id)`;

interface ViewRow {
  id: number;
  content_hash: string;
  size_bytes: string;
  created_at: Date;
  file_type: string;
  file_name: string | null;
  mime_type: string | null;
  compression_type: string | null;
  metadata: Record<string, unknown>;
  expires_at: Date | null;
}

/** One caller's question after one file. */
interface Question {
  caller: Principal;
  id: FileId;
}

/** What callers may see of files. */
@Injectable()
export class FilesRepository {
  /**
   * Requests that arrive together are answered by one query, which PostgreSQL would otherwise plan for
   * each of them. Nothing is remembered: each answer was read after its request came.
   */
  private readonly questions = new DataLoader<Question, FileView | null>(
    (asked) => this.answer(asked),
    { cache: false, maxBatchSize: 1_000, batchScheduleFn: setImmediate },
  );

  constructor(
    @InjectRepository(FileReference) private readonly references: Repository<FileReference>,
  ) {}

  async find(caller: Principal, id: FileId): Promise<FileView | null> {
    return await this.questions.load({ caller, id });
  }

  /**
   * Newest first: what is added while a caller turns pages comes before the first page. Who may read
   * few datasets gets a page out of what they and the caller hold, by an index; else files are read as
   * they come until enough of them may be read.
   */
  async list(
    caller: Principal,
    filter: { contentHash: string | null; before: FileId | null; limit: number },
  ): Promise<FileView[]> {
    const isNarrow =
      !caller.isAdmin && filter.contentHash === null && (await this.readsFewDatasets(caller));
    const rows = (await this.references.query(
      `SELECT ${VIEW_COLUMNS} FROM ${CALLER} CROSS JOIN ${isNarrow ? HELD_FILES : 'files'} f ${VIEW_JOINS}
       WHERE ($4::char(64) IS NULL OR f.content_hash = $4) AND ($5::int IS NULL OR f.id < $5)
       ORDER BY f.id DESC LIMIT $6`,
      [...asking(caller), filter.contentHash, filter.before, filter.limit],
    )) as ViewRow[];
    return rows.map(viewOf);
  }

  /** Of these files those that the caller may read. */
  async whichReadable(
    tx: Transaction,
    caller: Principal,
    ids: readonly FileId[],
  ): Promise<Set<FileId>> {
    const rows = (await managerOf(tx).query(
      `SELECT asked.id FROM ${CALLER} CROSS JOIN unnest($4::int[]) AS asked (id)
       WHERE EXISTS (SELECT 1 FROM file_references r WHERE r.file_id = asked.id AND ${READABLE})`,
      [...asking(caller), ids],
    )) as { id: FileId }[];
    return new Set(rows.map(({ id }) => id));
  }

  /** Those of these files that the owner has a reference on. */
  async whichOwned(
    tx: Transaction,
    owner: ReferenceOwner,
    ids: readonly FileId[],
  ): Promise<Set<FileId>> {
    if (ids.length === 0) return new Set();
    const rows = (await managerOf(tx).query(
      `SELECT DISTINCT file_id FROM file_references
       WHERE owner_type = $1 AND owner_id = $2 AND file_id = ANY($3::int[])`,
      [owner.type, owner.id, ids],
    )) as { file_id: FileId }[];
    return new Set(rows.map(({ file_id }) => file_id));
  }

  async usesOf({ type, id }: ReferenceOwner): Promise<(FileUse & { fileId: FileId })[]> {
    return (await this.references.query(
      `SELECT file_id AS "fileId", file_type AS "fileType", file_name AS "fileName",
         mime_type AS "mimeType", compression_type AS "compressionType", metadata
       FROM file_references WHERE owner_type = $1 AND owner_id = $2 ORDER BY id`,
      [type, id],
    )) as (FileUse & { fileId: FileId })[];
  }

  /** Of these contents those that the caller may read. */
  async findReadable(
    caller: Principal,
    contentHashes: readonly string[],
  ): Promise<Map<string, { id: FileId; size: number }>> {
    const rows = (await this.references.query(
      `SELECT f.id, f.content_hash, f.size_bytes
       FROM ${CALLER} CROSS JOIN files f
       WHERE f.content_hash = ANY($4::char(64)[])
         AND EXISTS (SELECT 1 FROM file_references r WHERE r.file_id = f.id AND ${READABLE})`,
      [...asking(caller), contentHashes],
    )) as Pick<ViewRow, 'id' | 'content_hash' | 'size_bytes'>[];
    return new Map(
      rows.map(({ id, content_hash, size_bytes }) => [
        content_hash,
        { id, size: Number(size_bytes) },
      ]),
    );
  }

  /**
   * The reference that an attempt has just made, as its owner sees it, and whether the owner could
   * read the content before. The row of the file is locked since, so of two uploads of the same
   * content one sees the other.
   */
  async findCreated(
    tx: Transaction,
    caller: Principal,
    attemptId: string,
  ): Promise<FileView & { deduplicated: boolean }> {
    const [row] = (await managerOf(tx).query(
      `SELECT f.id, f.content_hash, f.size_bytes, made.file_type, made.file_name, made.mime_type,
              made.compression_type, made.metadata, made.expires_at,
              coalesce(earlier.created_at, made.created_at) AS created_at,
              earlier.id IS NOT NULL AS deduplicated
       FROM ${CALLER} CROSS JOIN file_references made
       JOIN files f ON f.id = made.file_id
       LEFT JOIN LATERAL (
         SELECT r.id, r.created_at FROM file_references r
         WHERE r.file_id = f.id AND r.id < made.id AND ${READABLE}
         ORDER BY r.id LIMIT 1) earlier ON true
       WHERE made.attempt_id = $4`,
      [...asking(caller), attemptId],
    )) as (ViewRow & { deduplicated: boolean })[];
    const created = row as ViewRow & { deduplicated: boolean };
    return { ...viewOf(created), deduplicated: created.deduplicated };
  }

  private async readsFewDatasets(caller: Principal): Promise<boolean> {
    const rows = (await this.references.query(
      `(SELECT FROM dataset_access WHERE subject_id = ANY($1::uuid[]) LIMIT $2)
       UNION ALL (SELECT FROM jobs WHERE created_by = $3 AND status = 'succeeded' LIMIT $2)`,
      [caller.subjects, FEW_DATASETS + 1, caller.id],
    )) as unknown[];
    return rows.length <= FEW_DATASETS;
  }

  /** In the order asked. */
  private async answer(asked: readonly Question[]): Promise<(FileView | null)[]> {
    const rows = (await this.references.query(
      `SELECT caller.question, ${VIEW_COLUMNS}
       FROM (SELECT is_admin, id, subjects::uuid[] AS subjects, file_id, question
             FROM unnest($1::boolean[], $2::text[], $3::text[], $4::int[])
               WITH ORDINALITY AS asked (is_admin, id, subjects, file_id, question)) caller
       JOIN files f ON f.id = caller.file_id ${VIEW_JOINS}`,
      [
        asked.map(({ caller }) => caller.isAdmin),
        asked.map(({ caller }) => caller.id),
        // Arrays of several lengths make no array of arrays.
        asked.map(({ caller }) => `{${caller.subjects.join()}}`),
        asked.map(({ id }) => id),
      ],
    )) as (ViewRow & { question: string })[];
    const answers = new Map(rows.map((row) => [Number(row.question), viewOf(row)]));
    return asked.map((_, index) => answers.get(index + 1) ?? null);
  }
}

const viewOf = (row: ViewRow): FileView => ({
  id: row.id,
  contentHash: row.content_hash,
  size: Number(row.size_bytes),
  fileType: row.file_type,
  fileName: row.file_name,
  mimeType: row.mime_type,
  compressionType: row.compression_type,
  metadata: row.metadata,
  expiresAt: row.expires_at,
  createdAt: row.created_at,
});
