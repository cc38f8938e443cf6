import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import type { ReferenceOwner } from '../../core/contracts/file-references.contract.js';
import type { SizedContent } from '../../core/contracts/quotas.contract.js';
import { managerOf, type Transaction } from '../../core/database/index.js';

/** Whose quotas an owner's bytes count against, and those that were set for these alone. */
export interface OwnQuotas {
  userId: string;
  userBytes: number | null;
  datasetBytes: number | null;
}

const OF_USER = `
  SELECT u.id AS "userId", u.quota_bytes::float8 AS "userBytes", NULL AS "datasetBytes"
  FROM users u WHERE u.id = $1`;

const OF_DATASET = `
  SELECT d.owner_id AS "userId", u.quota_bytes::float8 AS "userBytes",
    d.quota_bytes::float8 AS "datasetBytes"
  FROM datasets d JOIN users u ON u.id = d.owner_id WHERE d.id = $1`;

export type QuotaKind = 'user' | 'dataset';

export interface CountedBytes {
  usedBytes: number;
  files: number;
}

/** A user's files: of the holds, and of the datasets that the user owns. $1 is the user's id. */
const FILES_OF_USER = `
  SELECT r.file_id FROM file_references r WHERE r.owner_type = 'hold' AND r.owner_id = $1
  UNION
  SELECT r.file_id FROM datasets d
  JOIN file_references r ON r.owner_type = 'dataset' AND r.owner_id = d.id::text
  WHERE d.owner_id = $1::uuid`;

/** A dataset's files. $1 is its id. */
const FILES_OF_DATASET = `
  SELECT DISTINCT r.file_id FROM file_references r
  WHERE r.owner_type = 'dataset' AND r.owner_id = $1`;

const COUNT = `count(*)::int AS files, coalesce(sum(f.size_bytes), 0)::float8 AS "usedBytes"`;

/** Contents by $2 and $3, each once, with the file that they are, if there is one. */
const ASKED = `
  SELECT DISTINCT ON (c.content_hash) c.content_hash, c.size_bytes, f.id
  FROM unnest($2::char(64)[], $3::bigint[]) AS c (content_hash, size_bytes)
  LEFT JOIN files f ON f.content_hash = c.content_hash`;

/** Whether a dataset keeps the file `a.id`; $1 is the dataset's id. */
const KEPT_BY_DATASET = `
  EXISTS (SELECT FROM file_references r
          WHERE r.owner_type = 'dataset' AND r.owner_id = $1 AND r.file_id = a.id)`;

/** Whether a user keeps it; $1 is the user's id. */
const KEPT_BY_USER = `
  EXISTS (SELECT FROM file_references r
          WHERE r.owner_type = 'hold' AND r.owner_id = $1 AND r.file_id = a.id)
  OR EXISTS (SELECT FROM datasets d
             JOIN file_references r ON r.owner_type = 'dataset' AND r.owner_id = d.id::text
             WHERE d.owner_id = $1::uuid AND r.file_id = a.id)`;

/**
 * What quotas are and how much of them is used. It reads tables of other slices in one statement each:
 * the sum over what a user holds and what is in the user's datasets, each content once, can't be put
 * together of answers that each slice gives alone.
 */
@Injectable()
export class QuotasRepository {
  constructor(@InjectDataSource() private readonly database: DataSource) {}

  /**
   * `null` when nobody's quota counts for this owner. In a transaction, the user's quota stays as it is until
   * the commit: KEY SHARE, which uploads share, is what setting one waits for (the trigger
   * `users_await_additions`). Whoever adds to a dataset has locked it, as has whoever sets its quota.
   */
  async find({ type, id }: ReferenceOwner, tx?: Transaction): Promise<OwnQuotas | null> {
    if (type !== 'hold' && type !== 'dataset') return null;
    const [row] = (await this.on(tx).query(
      `${type === 'hold' ? OF_USER : OF_DATASET} ${tx ? 'FOR KEY SHARE OF u' : ''}`,
      [id],
    )) as OwnQuotas[];
    return row ?? null;
  }

  /** What somebody keeps. Grows with their files, not with references of others: the index on owners gives them. */
  async count(kind: QuotaKind, id: string, tx?: Transaction): Promise<CountedBytes> {
    const files = kind === 'user' ? FILES_OF_USER : FILES_OF_DATASET;
    const [row] = (await this.on(tx).query(
      `SELECT ${COUNT} FROM (${files}) m JOIN files f ON f.id = m.file_id`,
      [id],
    )) as CountedBytes[];
    return row as CountedBytes;
  }

  /** Reads every row of files: half a second for a million, on two busy cores. */
  async countInstallation(): Promise<number> {
    const [row] = (await this.database.query(
      'SELECT coalesce(sum(size_bytes), 0)::float8 AS "usedBytes" FROM files',
    )) as { usedBytes: number }[];
    return row?.usedBytes ?? 0;
  }

  /** How many bytes of these contents the installation does not have. */
  async countNew(tx: Transaction, contents: readonly SizedContent[]): Promise<number> {
    const [row] = (await managerOf(tx).query(
      `SELECT coalesce(sum(a.size_bytes), 0)::float8 AS bytes
       FROM (${ASKED.replace('$2', '$1').replace('$3', '$2')}) a WHERE a.id IS NULL`,
      [contents.map(({ contentHash }) => contentHash), contents.map(({ size }) => size)],
    )) as { bytes: number }[];
    return row?.bytes ?? 0;
  }

  /** How many bytes these contents would add to what somebody keeps. Grows with the contents. */
  async countNeeded(
    tx: Transaction,
    kind: QuotaKind,
    id: string,
    contents: readonly SizedContent[],
  ): Promise<number> {
    const [row] = (await managerOf(tx).query(
      `SELECT coalesce(sum(a.size_bytes), 0)::float8 AS "neededBytes" FROM (${ASKED}) a
       WHERE a.id IS NULL OR NOT (${kind === 'user' ? KEPT_BY_USER : KEPT_BY_DATASET})`,
      [id, contents.map(({ contentHash }) => contentHash), contents.map(({ size }) => size)],
    )) as { neededBytes: number }[];
    return row?.neededBytes ?? 0;
  }

  /** How many bytes the files of this dataset would add to what the user keeps. */
  async countAdded(tx: Transaction, datasetId: string, userId: string): Promise<number> {
    const [row] = (await managerOf(tx).query(
      `WITH mine AS MATERIALIZED (${FILES_OF_USER})
       SELECT coalesce(sum(f.size_bytes), 0)::float8 AS "neededBytes"
       FROM (${FILES_OF_DATASET.replace('$1', '$2')}) added JOIN files f ON f.id = added.file_id
       WHERE NOT EXISTS (SELECT 1 FROM mine m WHERE m.file_id = added.file_id)`,
      [userId, datasetId],
    )) as { neededBytes: number }[];
    return row?.neededBytes ?? 0;
  }

  /** Whether the user keeps a content of this size. */
  async hasOfSize(userId: string, atLeast: number, atMost: number): Promise<boolean> {
    const rows = (await this.database.query(
      `SELECT 1 FROM (${FILES_OF_USER}) m JOIN files f ON f.id = m.file_id
       WHERE f.size_bytes BETWEEN $2 AND $3 LIMIT 1`,
      [userId, atLeast, atMost],
    )) as unknown[];
    return rows.length > 0;
  }

  private on(tx: Transaction | undefined) {
    return tx ? managerOf(tx) : this.database;
  }
}
