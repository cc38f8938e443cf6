import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { Repository } from 'typeorm';
import type {
  DatasetFields,
  DatasetPage,
  DatasetView,
  IDatasetRepository,
  TagFilter,
} from '../core/contracts/dataset-repository.contract.js';
import type { Principal } from '../core/contracts/principal.contract.js';
import {
  brokenUniqueConstraint,
  hasRole,
  managerOf,
  roleOf,
  type Transaction,
} from '../core/database/index.js';
import { SlugTakenError } from './datasets.errors.js';
import { Dataset } from './entities/dataset.entity.js';

/** Which datasets `d` the caller may read: $1 is whether it is an admin, $2 what its grants go to. */
export const READABLE = `(d.deleted_at IS NULL
  AND ($1::boolean OR ${hasRole('d.id', '$2::uuid[]')}))`;

/** So many datasets are looked at one by one, rather than all of a tag that may be as common as it likes. */
const FEW = 1_000;

const COLUMNS = `
  d.id, d.slug, d.name, d.description, d.metadata, d.visibility, d.owner_id AS "ownerId",
  d.revision, d.deleted_versions AS "deletedVersions", d.created_at AS "createdAt", d.updated_at AS "updatedAt",
  CASE WHEN $1::boolean THEN 'admin' ELSE ${roleOf('d.id', '$2::uuid[]')} END AS role,
  ARRAY(SELECT t.tag FROM dataset_tags t WHERE t.dataset_id = d.id ORDER BY t.tag) AS tags,
  (SELECT v.version_number FROM dataset_refs r JOIN dataset_versions v ON v.id = r.version_id
   WHERE r.dataset_id = d.id AND r.name = 'main') AS "latestVersion"`;

/** That at least $5 of the tags $3 are on the dataset. */
const hasTags = (dataset: string): string => `$5 <= (
  SELECT count(*) FROM dataset_tags o WHERE o.dataset_id = ${dataset} AND o.tag = ANY($3::text[]))`;

/** A page of datasets with tags, by reading the $7 rarest tags as far as it needs: for who may read many. */
const TAGGED_READABLE = `
  SELECT DISTINCT hit.dataset_id FROM (
    SELECT asked.tag FROM unnest($3::text[]) AS asked (tag)
    ORDER BY (SELECT count(*) FROM (
      SELECT 1 FROM dataset_tags t WHERE t.tag = asked.tag LIMIT 10000) counted)
    LIMIT $7) driver
  CROSS JOIN LATERAL (
    SELECT t.dataset_id FROM dataset_tags t JOIN datasets d ON d.id = t.dataset_id
    WHERE ${READABLE} AND t.tag = driver.tag AND ($4::uuid IS NULL OR t.dataset_id < $4)
      AND ${hasTags('t.dataset_id')}
    ORDER BY t.dataset_id DESC LIMIT $6) hit
  ORDER BY hit.dataset_id DESC LIMIT $6`;

/** The same, by looking at all that the caller may read: for who may read few. */
const READABLE_TAGGED = `
  SELECT DISTINCT access.dataset_id FROM dataset_access access
  WHERE access.subject_id = ANY($2::uuid[]) AND ($4::uuid IS NULL OR access.dataset_id < $4)
    AND ${hasTags('access.dataset_id')}
  ORDER BY access.dataset_id DESC LIMIT $6`;

@Injectable()
export class DatasetsRepository implements IDatasetRepository {
  constructor(@InjectRepository(Dataset) private readonly datasets: Repository<Dataset>) {}

  async find(
    caller: Principal,
    key: { id: string } | { slug: string },
    tx?: Transaction,
  ): Promise<DatasetView | null> {
    const [column, value] = 'id' in key ? ['id', key.id] : ['slug', key.slug];
    const [row] = (await (tx ? managerOf(tx) : this.datasets).query(
      `SELECT ${COLUMNS} FROM datasets d WHERE ${READABLE} AND d.${column} = $3`,
      [caller.isAdmin, caller.subjects, value],
    )) as DatasetView[];
    return row ?? null;
  }

  /**
   * Newest first. For an admin the datasets are read; for others what each of their subjects may read,
   * as far as the page needs it, so that few among a million are found as fast as many.
   */
  async list(caller: Principal, { before, limit }: DatasetPage): Promise<DatasetView[]> {
    const page = caller.isAdmin
      ? `SELECT d.id FROM datasets d
         WHERE d.deleted_at IS NULL AND ($3::uuid IS NULL OR d.id < $3) ORDER BY d.id DESC LIMIT $4`
      : `SELECT DISTINCT hit.id FROM unnest($2::uuid[]) AS subject (id) CROSS JOIN LATERAL (
           SELECT a.dataset_id AS id FROM dataset_access a
           WHERE a.subject_id = subject.id AND ($3::uuid IS NULL OR a.dataset_id < $3)
           ORDER BY a.dataset_id DESC LIMIT $4) hit
         ORDER BY hit.id DESC LIMIT $4`;
    return (await this.datasets.query(
      `SELECT ${COLUMNS} FROM datasets d JOIN (${page}) page ON page.id = d.id
       WHERE d.deleted_at IS NULL ORDER BY d.id DESC`,
      [caller.isAdmin, caller.subjects, before, limit],
    )) as DatasetView[];
  }

  /**
   * Newest first. Each tag's own index is read as far as the page needs it: with `all` that of the
   * rarest alone, so that a rare tag is found among a million datasets of a common one. Who may read few
   * datasets gets a page out of these.
   */
  async listTagged(
    caller: Principal,
    { tags, tagMode }: TagFilter,
    { before, limit }: DatasetPage,
  ): Promise<DatasetView[]> {
    const isAll = tagMode === 'all';
    const isNarrow = await this.readsFew(caller);
    return (await this.datasets.query(
      `SELECT ${COLUMNS} FROM datasets d JOIN (${isNarrow ? READABLE_TAGGED : TAGGED_READABLE}) page
         ON page.dataset_id = d.id
       WHERE d.deleted_at IS NULL ORDER BY d.id DESC`,
      [
        caller.isAdmin,
        caller.subjects,
        tags,
        before,
        isAll ? tags.length : 1,
        limit,
        ...(isNarrow ? [] : [isAll ? 1 : tags.length]),
      ],
    )) as DatasetView[];
  }

  /** Whether it is best to look at all datasets that the caller may read. */
  async readsFew({ isAdmin, subjects }: Principal): Promise<boolean> {
    if (isAdmin) return false;
    const rows = (await this.datasets.query(
      'SELECT 1 FROM dataset_access WHERE subject_id = ANY($1::uuid[]) LIMIT $2',
      [subjects, FEW + 1],
    )) as unknown[];
    return rows.length <= FEW;
  }

  /** Those of these ids and slugs that the caller may read, in any order. */
  async findAll(
    caller: Principal,
    keys: { ids: readonly string[]; slugs: readonly string[] },
    tx?: Transaction,
  ): Promise<DatasetView[]> {
    return (await (tx ? managerOf(tx) : this.datasets).query(
      `SELECT ${COLUMNS} FROM datasets d
       WHERE ${READABLE} AND (d.id = ANY($3::uuid[]) OR d.slug = ANY($4::text[]))`,
      [caller.isAdmin, caller.subjects, keys.ids, keys.slugs],
    )) as DatasetView[];
  }

  /** @throws SlugTakenError */
  async insert(
    tx: Transaction,
    id: string,
    ownerId: string,
    fields: DatasetFields,
    otherwise: string | null,
  ): Promise<void> {
    const { slug, name, description, metadata, visibility } = fields;
    for (const wanted of [slug, otherwise]) {
      if (wanted === null) break;
      const rows = (await managerOf(tx).query(
        `INSERT INTO datasets (id, slug, name, description, metadata, visibility, owner_id)
         VALUES ($1, $2, $3, $4, $5, $6, $7)
         ON CONFLICT (slug) WHERE deleted_at IS NULL DO NOTHING RETURNING 1`,
        [id, wanted, name, description, JSON.stringify(metadata), visibility, ownerId],
      )) as unknown[];
      if (rows.length > 0) return;
    }
    throw new SlugTakenError(slug);
  }

  /** Keeps others from editing them until the commit. In the order of their ids: no deadlocks. */
  async lock(tx: Transaction, ids: readonly string[]): Promise<void> {
    await managerOf(tx).query(
      'SELECT 1 FROM datasets WHERE id = ANY($1::uuid[]) ORDER BY id FOR NO KEY UPDATE',
      [ids],
    );
  }

  /** Counts an edit of each. */
  async bumpRevisions(tx: Transaction, ids: readonly string[]): Promise<void> {
    await managerOf(tx).query(
      `UPDATE datasets SET revision = revision + 1, updated_at = now() WHERE id = ANY($1::uuid[])`,
      [ids],
    );
  }

  /** @throws SlugTakenError */
  async update(
    tx: Transaction,
    id: string,
    fields: DatasetFields & { ownerId: string },
  ): Promise<void> {
    await this.orSlugTaken(
      fields.slug,
      managerOf(tx).query(
        `UPDATE datasets SET slug = $2, name = $3, description = $4, metadata = $5, visibility = $6,
           owner_id = $7, revision = revision + 1, updated_at = now()
         WHERE id = $1`,
        [
          id,
          fields.slug,
          fields.name,
          fields.description,
          JSON.stringify(fields.metadata),
          fields.visibility,
          fields.ownerId,
        ],
      ),
    );
  }

  async replaceTags(tx: Transaction, id: string, tags: readonly string[]): Promise<void> {
    await managerOf(tx).query('DELETE FROM dataset_tags WHERE dataset_id = $1', [id]);
    await managerOf(tx).query(
      'INSERT INTO dataset_tags (dataset_id, tag) SELECT $1, unnest($2::text[])',
      [id, tags],
    );
  }

  private async orSlugTaken<T>(slug: string, query: Promise<T>): Promise<T> {
    try {
      return await query;
    } catch (error) {
      if (brokenUniqueConstraint(error) === 'datasets_slug_key') throw new SlugTakenError(slug);
      throw error;
    }
  }
}
