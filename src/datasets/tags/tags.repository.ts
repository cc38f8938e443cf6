import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { Repository } from 'typeorm';
import type { DatasetId } from '../../core/contracts/ids.js';
import type { Principal } from '../../core/contracts/principal.contract.js';
import { hasRole, managerOf, type Transaction } from '../../core/database/index.js';
import { READABLE } from '../datasets.repository.js';
import { DatasetTag } from '../entities/dataset-tag.entity.js';

export interface TagCount {
  tag: string;
  /** Datasets with it that the caller may read. */
  count: number;
  /** Whether counting did not stop at `count`. */
  exact: boolean;
}

/** Counting goes no further: a page of tags must not cost a look at a million datasets. */
const MAX_COUNTED = 10_000;
/** So many uses of tags are counted in one go, which is several times as fast as tag by tag. */
const MAX_TOGETHER = 100_000;

/** Tags that begin so: from `from` on, and before `before`. */
export interface TagRange {
  from: string;
  before: string;
}

const READABLE_TAGS = `dataset_tags t JOIN datasets d ON d.id = t.dataset_id WHERE ${READABLE}`;

@Injectable()
export class TagsRepository {
  constructor(@InjectRepository(DatasetTag) private readonly tags: Repository<DatasetTag>) {}

  /** How many of the datasets that the caller may read have each; tags that none has are left out. */
  async count(caller: Principal, tags: readonly string[]): Promise<TagCount[]> {
    const values = [caller.isAdmin, caller.subjects, tags, MAX_COUNTED];
    const [together] = (await this.tags.query(
      `WITH hits AS MATERIALIZED (
         SELECT t.tag, t.dataset_id FROM dataset_tags t WHERE t.tag = ANY($3::text[]) LIMIT $5::int + 1
       ), size AS MATERIALIZED (SELECT count(*) <= $5::int AS "isSmall" FROM hits)
       SELECT (SELECT "isSmall" FROM size), (
         SELECT json_agg(json_build_object('tag', tag, 'count', least(count, $4::int),
           'exact', count <= $4::int) ORDER BY tag COLLATE "C")
         FROM (SELECT t.tag, count(*)::int AS count FROM hits t JOIN datasets d ON d.id = t.dataset_id
               WHERE (SELECT "isSmall" FROM size) AND ${READABLE} GROUP BY t.tag) counted) AS counts`,
      [...values, MAX_TOGETHER],
    )) as [{ isSmall: boolean; counts: TagCount[] | null }];
    if (together.isSmall) return together.counts ?? [];
    return (await this.tags.query(
      `SELECT asked.tag, least(found.count, $4::int) AS count, found.count <= $4::int AS exact
       FROM unnest($3::text[]) AS asked (tag) CROSS JOIN LATERAL (
         SELECT count(*)::int AS count FROM (
           SELECT 1 FROM ${READABLE_TAGS} AND t.tag = asked.tag LIMIT $4::int + 1) counted) found
       WHERE found.count > 0 ORDER BY asked.tag COLLATE "C"`,
      values,
    )) as TagCount[];
  }

  /**
   * Tags by name. The index is entered anew for each, so that the datasets of a tag are not passed
   * one by one. Of who may read few datasets all tags are looked at instead: among those of others they
   * may be far apart.
   */
  async listNames(
    caller: Principal,
    range: TagRange,
    limit: number,
    isNarrow: boolean,
  ): Promise<string[]> {
    const names = isNarrow
      ? `SELECT DISTINCT t.tag::text COLLATE "C" AS tag
         FROM dataset_access a JOIN datasets d ON d.id = a.dataset_id
           JOIN dataset_tags t ON t.dataset_id = d.id
         WHERE a.subject_id = ANY($2::uuid[]) AND ${READABLE} AND t.tag >= $3 AND t.tag < $4
         ORDER BY 1 LIMIT $5`
      : `WITH RECURSIVE names (tag, next, place) AS (
         SELECT NULL::text COLLATE "C", $3::text COLLATE "C", 0
         UNION ALL
         -- No tag has a control character, so this is the least that follows.
         SELECT found.tag, found.tag || chr(1), n.place + 1
         FROM names n CROSS JOIN LATERAL (
           SELECT t.tag::text COLLATE "C" AS tag
           FROM ${READABLE_TAGS} AND t.tag >= n.next AND t.tag < $4
           ORDER BY t.tag LIMIT 1) found
         WHERE n.place < $5)
       SELECT tag FROM names WHERE place > 0 ORDER BY place`;
    const values = [caller.isAdmin, caller.subjects, range.from, range.before, limit];
    return ((await this.tags.query(names, values)) as { tag: string }[]).map(({ tag }) => tag);
  }

  /** The most used first: counts every dataset that the caller may read, for each page. */
  async listByCount(
    caller: Principal,
    range: TagRange,
    after: Pick<TagCount, 'tag' | 'count'> | null,
    limit: number,
  ): Promise<TagCount[]> {
    return (await this.tags.query(
      `SELECT t.tag, count(*)::int AS count, true AS exact
       FROM ${READABLE_TAGS} AND t.tag >= $3 AND t.tag < $4
       GROUP BY t.tag
       HAVING $5::bigint IS NULL OR count(*) < $5 OR (count(*) = $5 AND t.tag > $6)
       ORDER BY count DESC, t.tag LIMIT $7`,
      [
        caller.isAdmin,
        caller.subjects,
        range.from,
        range.before,
        after?.count ?? null,
        after?.tag ?? null,
        limit,
      ],
    )) as TagCount[];
  }

  /** Datasets of which at least one tag changes by this. They must be locked. */
  async change(
    tx: Transaction,
    datasetIds: readonly DatasetId[],
    { add, remove }: { add: readonly string[]; remove: readonly string[] },
  ): Promise<DatasetId[]> {
    const [removed] = (await managerOf(tx).query(
      `DELETE FROM dataset_tags WHERE dataset_id = ANY($1::uuid[]) AND tag = ANY($2::text[])
       RETURNING dataset_id AS id`,
      [datasetIds, remove],
    )) as [{ id: DatasetId }[], number];
    const added = (await managerOf(tx).query(
      `INSERT INTO dataset_tags (dataset_id, tag)
       SELECT d.id, a.tag FROM unnest($1::uuid[]) AS d (id) CROSS JOIN unnest($2::text[]) AS a (tag)
       ON CONFLICT DO NOTHING RETURNING dataset_id AS id`,
      [datasetIds, add],
    )) as { id: DatasetId }[];
    return [...new Set([...removed, ...added].map(({ id }) => id))];
  }

  /** Locks the datasets with this tag that the caller may change, in the order of their ids. */
  async lockEditableWith(
    tx: Transaction,
    caller: Principal,
    tag: string,
    limit: number,
  ): Promise<DatasetId[]> {
    const editable = `d.deleted_at IS NULL
      AND ($1::boolean OR ${hasRole('d.id', '$2::uuid[]', 'writer')})`;
    const locked = (await managerOf(tx).query(
      `SELECT d.id FROM datasets d
       WHERE ${editable} AND d.id IN (SELECT t.dataset_id FROM dataset_tags t WHERE t.tag = $3)
       ORDER BY d.id LIMIT $4 FOR NO KEY UPDATE`,
      [caller.isAdmin, caller.subjects, tag, limit],
    )) as { id: DatasetId }[];
    // Once more: a role may have been taken away while this waited for the locks.
    const rows = (await managerOf(tx).query(
      `SELECT d.id FROM datasets d WHERE ${editable} AND d.id = ANY($3::uuid[]) ORDER BY d.id`,
      [caller.isAdmin, caller.subjects, locked.map(({ id }) => id)],
    )) as { id: DatasetId }[];
    return rows.map(({ id }) => id);
  }

  /** Those of these locked datasets that have the one tag get the other; and how many had both. */
  async rename(
    tx: Transaction,
    datasetIds: readonly DatasetId[],
    { from, to }: { from: string; to: string },
  ): Promise<{ renamed: DatasetId[]; merged: number }> {
    const [removed] = (await managerOf(tx).query(
      `DELETE FROM dataset_tags WHERE dataset_id = ANY($1::uuid[]) AND tag = $2
       RETURNING dataset_id AS id`,
      [datasetIds, from],
    )) as [{ id: DatasetId }[], number];
    const renamed = removed.map(({ id }) => id);
    const added = (await managerOf(tx).query(
      `INSERT INTO dataset_tags (dataset_id, tag) SELECT unnest($1::uuid[]), $2
       ON CONFLICT DO NOTHING RETURNING 1`,
      [renamed, to],
    )) as unknown[];
    return { renamed, merged: renamed.length - added.length };
  }
}
