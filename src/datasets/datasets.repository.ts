import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { Repository } from 'typeorm';
import type { Principal } from '../core/contracts/principal.contract.js';
import { brokenUniqueConstraint, managerOf, type Transaction } from '../core/database/index.js';
import { SlugTakenError } from './datasets.errors.js';
import { Dataset, type Visibility } from './entities/dataset.entity.js';

export interface DatasetView {
  id: string;
  slug: string;
  name: string;
  description: string;
  tags: string[];
  metadata: Record<string, unknown>;
  visibility: Visibility;
  ownerId: string;
  revision: number;
  createdAt: Date;
  updatedAt: Date;
  /** Changes when one of its versions is deleted. */
  deletedVersions: number;
  /** Of the head of `main`; `null` before the first commit. */
  latestVersion: number | null;
}

export interface DatasetFields {
  slug: string;
  name: string;
  description: string;
  metadata: Record<string, unknown>;
  visibility: Visibility;
}

/** $1 is whether the caller is an admin, $2 the caller's id. */
const READABLE = `(d.deleted_at IS NULL
  AND ($1::boolean OR d.owner_id = $2::uuid OR d.visibility = 'public'))`;

const COLUMNS = `
  d.id, d.slug, d.name, d.description, d.metadata, d.visibility, d.owner_id AS "ownerId",
  d.revision, d.deleted_versions AS "deletedVersions", d.created_at AS "createdAt", d.updated_at AS "updatedAt",
  ARRAY(SELECT t.tag FROM dataset_tags t WHERE t.dataset_id = d.id ORDER BY t.tag) AS tags,
  (SELECT v.version_number FROM dataset_refs r JOIN dataset_versions v ON v.id = r.version_id
   WHERE r.dataset_id = d.id AND r.name = 'main') AS "latestVersion"`;

@Injectable()
export class DatasetsRepository {
  constructor(@InjectRepository(Dataset) private readonly datasets: Repository<Dataset>) {}

  async find(
    caller: Principal,
    key: { id: string } | { slug: string },
    tx?: Transaction,
  ): Promise<DatasetView | null> {
    const [column, value] = 'id' in key ? ['id', key.id] : ['slug', key.slug];
    const [row] = (await (tx ? managerOf(tx) : this.datasets).query(
      `SELECT ${COLUMNS} FROM datasets d WHERE ${READABLE} AND d.${column} = $3`,
      [caller.isAdmin, caller.id, value],
    )) as DatasetView[];
    return row ?? null;
  }

  /** Newest first. */
  async list(
    caller: Principal,
    filter: { before: string | null; limit: number },
  ): Promise<DatasetView[]> {
    return (await this.datasets.query(
      `SELECT ${COLUMNS} FROM datasets d
       WHERE ${READABLE} AND ($3::uuid IS NULL OR d.id < $3) ORDER BY d.id DESC LIMIT $4`,
      [caller.isAdmin, caller.id, filter.before, filter.limit],
    )) as DatasetView[];
  }

  /** @throws SlugTakenError */
  async insert(tx: Transaction, id: string, ownerId: string, fields: DatasetFields): Promise<void> {
    await this.orSlugTaken(
      fields.slug,
      managerOf(tx).query(
        `INSERT INTO datasets (id, slug, name, description, metadata, visibility, owner_id)
         VALUES ($1, $2, $3, $4, $5, $6, $7)`,
        [
          id,
          fields.slug,
          fields.name,
          fields.description,
          JSON.stringify(fields.metadata),
          fields.visibility,
          ownerId,
        ],
      ),
    );
  }

  /** Keeps others from editing it until the commit. */
  async lock(tx: Transaction, id: string): Promise<void> {
    await managerOf(tx).query('SELECT 1 FROM datasets WHERE id = $1 FOR NO KEY UPDATE', [id]);
  }

  /** @throws SlugTakenError */
  async update(tx: Transaction, id: string, fields: DatasetFields): Promise<void> {
    await this.orSlugTaken(
      fields.slug,
      managerOf(tx).query(
        `UPDATE datasets SET slug = $2, name = $3, description = $4, metadata = $5, visibility = $6,
           revision = revision + 1, updated_at = now()
         WHERE id = $1`,
        [
          id,
          fields.slug,
          fields.name,
          fields.description,
          JSON.stringify(fields.metadata),
          fields.visibility,
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

  async isSlugFree(slug: string): Promise<boolean> {
    const rows = (await this.datasets.query(
      'SELECT 1 FROM datasets WHERE slug = $1 AND deleted_at IS NULL',
      [slug],
    )) as unknown[];
    return rows.length === 0;
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
