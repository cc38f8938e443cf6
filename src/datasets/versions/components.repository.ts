import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { Repository } from 'typeorm';
import { chunksOf } from '../../core/chunks.js';
import type { AcquiredReference, FileUse } from '../../core/contracts/file-references.contract.js';
import { managerOf, type Transaction } from '../../core/database/index.js';
import { Component } from '../entities/component.entity.js';
import type { DescribedFile } from './changes.js';

/** A file as a version shows it. */
export interface ComponentView {
  id: string;
  fileId: number;
  contentHash: string;
  size: number;
  fileType: string;
  fileName: string | null;
  mimeType: string | null;
  compressionType: string | null;
  index: number | null;
  metadata: Record<string, unknown>;
}

/** The same file, to be put again. */
export const describedAgain = (component: ComponentView): DescribedFile => {
  const { id: _, fileId, contentHash, size, index, ...use } = component;
  return { source: { fileId }, contentHash, size, index, use };
};

export interface NewComponent extends AcquiredReference {
  use: FileUse;
  index: number | null;
}

@Injectable()
export class ComponentsRepository {
  constructor(@InjectRepository(Component) private readonly components: Repository<Component>) {}

  async findAll(ids: readonly string[], tx?: Transaction): Promise<Map<string, ComponentView>> {
    const found = new Map<string, ComponentView>();
    for (const chunk of chunksOf(ids)) {
      for (const row of await this.findChunk(chunk, tx)) found.set(row.id, row);
    }
    return found;
  }

  private async findChunk(ids: readonly string[], tx?: Transaction): Promise<ComponentView[]> {
    return (await (tx ? managerOf(tx) : this.components).query(
      `SELECT id, file_id AS "fileId", content_hash AS "contentHash", size_bytes::float8 AS size,
         file_type AS "fileType", file_name AS "fileName", mime_type AS "mimeType",
         compression_type AS "compressionType", position AS index, metadata
       FROM components WHERE id = ANY($1::bigint[])`,
      [ids],
    )) as ComponentView[];
  }

  /** Their ids, in the order given. Counts what the dataset stores of each content. */
  async insertAll(
    tx: Transaction,
    version: { id: string; datasetId: string },
    components: readonly NewComponent[],
  ): Promise<string[]> {
    if (components.length === 0) return [];
    const ids: string[] = [];
    for (const chunk of chunksOf(components)) {
      ids.push(...(await this.insertChunk(tx, version, chunk)));
    }
    await this.count(tx, version.datasetId, components);
    return ids;
  }

  private async insertChunk(
    tx: Transaction,
    version: { id: string; datasetId: string },
    components: readonly NewComponent[],
  ): Promise<string[]> {
    const rows = (await managerOf(tx).query(
      `INSERT INTO components (dataset_id, version_id, file_id, reference_id, content_hash,
         size_bytes, file_type, file_name, mime_type, compression_type, position, metadata)
       SELECT $1, $2, c.file_id, c.reference_id, c.content_hash, c.size_bytes, c.file_type,
         c.file_name, c.mime_type, c.compression_type, c.position, c.metadata
       FROM unnest($3::int[], $4::bigint[], $5::text[], $6::bigint[], $7::text[], $8::text[],
              $9::text[], $10::text[], $11::int[], $12::jsonb[]) WITH ORDINALITY
         AS c (file_id, reference_id, content_hash, size_bytes, file_type, file_name, mime_type,
               compression_type, position, metadata, place)
       ORDER BY c.place RETURNING id`,
      [
        version.datasetId,
        version.id,
        components.map(({ fileId }) => fileId),
        components.map(({ referenceId }) => referenceId),
        components.map(({ contentHash }) => contentHash),
        components.map(({ size }) => size),
        components.map(({ use }) => use.fileType),
        components.map(({ use }) => use.fileName ?? null),
        components.map(({ use }) => use.mimeType ?? null),
        components.map(({ use }) => use.compressionType ?? null),
        components.map(({ index }) => index),
        components.map(({ use }) => JSON.stringify(use.metadata ?? {})),
      ],
    )) as { id: string }[];
    return rows.map(({ id }) => id);
  }

  private async count(
    tx: Transaction,
    datasetId: string,
    components: readonly NewComponent[],
  ): Promise<void> {
    await managerOf(tx).query(
      `WITH put AS (
         SELECT file_id, max(size_bytes) AS size_bytes, count(*) AS uses
         FROM unnest($2::int[], $3::bigint[]) AS p (file_id, size_bytes) GROUP BY file_id),
       counted AS (
         INSERT INTO dataset_contents AS c (dataset_id, file_id, size_bytes, uses)
         SELECT $1, file_id, size_bytes, uses FROM put
         ON CONFLICT (dataset_id, file_id) DO UPDATE SET uses = c.uses + EXCLUDED.uses
         RETURNING file_id, uses)
       UPDATE datasets d SET
         logical_bytes = d.logical_bytes + (SELECT sum(size_bytes * uses) FROM put),
         stored_bytes = d.stored_bytes + (
           SELECT coalesce(sum(p.size_bytes), 0) FROM counted c JOIN put p ON p.file_id = c.file_id
           WHERE c.uses = p.uses)
       WHERE d.id = $1`,
      [datasetId, components.map(({ fileId }) => fileId), components.map(({ size }) => size)],
    );
  }

  /** Counts components off that were given up. */
  async countOff(
    tx: Transaction,
    datasetId: string,
    components: readonly { fileId: number; size: number }[],
  ): Promise<void> {
    await managerOf(tx).query(
      `WITH lost AS (
         SELECT file_id, max(size_bytes) AS size_bytes, count(*) AS uses
         FROM unnest($2::int[], $3::bigint[]) AS p (file_id, size_bytes) GROUP BY file_id),
       lowered AS (
         UPDATE dataset_contents c SET uses = c.uses - l.uses FROM lost l
         WHERE c.dataset_id = $1 AND c.file_id = l.file_id AND c.uses > l.uses),
       removed AS (
         DELETE FROM dataset_contents c USING lost l
         WHERE c.dataset_id = $1 AND c.file_id = l.file_id AND c.uses = l.uses
         RETURNING c.size_bytes)
       UPDATE datasets d SET
         logical_bytes = d.logical_bytes - (SELECT sum(size_bytes * uses) FROM lost),
         stored_bytes = d.stored_bytes - (SELECT coalesce(sum(size_bytes), 0) FROM removed)
       WHERE d.id = $1`,
      [datasetId, components.map(({ fileId }) => fileId), components.map(({ size }) => size)],
    );
  }
}
