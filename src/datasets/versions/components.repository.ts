import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { Repository } from 'typeorm';
import { chunksOf } from '../../core/chunks.js';
import type { AcquiredReference, FileUse } from '../../core/contracts/file-references.contract.js';
import type { RowPatches } from '../../core/contracts/row-patches.contract.js';
import { managerOf, type Transaction } from '../../core/database/index.js';
import { Component } from '../entities/component.entity.js';
import type { DescribedFile, DescribedPatches } from './changes.js';

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
  /** What lies over its rows; content, size and id are those of the file without. */
  patches: RowPatches | null;
}

/** The same file, to be put again. */
export const describedAgain = (component: ComponentView): DescribedFile => {
  const { id: _, fileId, contentHash, size, index, patches, ...use } = component;
  const described = { source: { fileId }, contentHash, size, index, use };
  return Object.assign(described, { patches: patches && patchesAgain(patches) });
};

/** The same patches, to be put again. */
export const patchesAgain = ({ key, chain }: RowPatches): DescribedPatches => ({
  key,
  chain: chain.map(({ fileId, ...patch }) => ({ ...patch, source: { fileId } })),
});

/** All contents that make the file, with their bytes. */
export const contentsOf = (component: ComponentView): { fileId: number; size: number }[] => [
  component,
  ...(component.patches?.chain ?? []),
];

/** `sha256:<hex>`: of its bytes, or of the names of all that its rows are made of. */
export const digestOf = ({ contentHash, patches }: ComponentView): string => {
  if (!patches) return `sha256:${contentHash}`;
  const { key, chain } = patches;
  const of = [contentHash, key, chain.map((patch) => patch.contentHash)];
  return `sha256:${createHash('sha256').update(JSON.stringify(of)).digest('hex')}`;
};

export const bytesOf = (component: ComponentView): number =>
  contentsOf(component).reduce((sum, { size }) => sum + size, 0);

export interface NewComponent extends AcquiredReference {
  use: FileUse;
  index: number | null;
  patches: RowPatches | null;
  /** Of the patches, in their order. */
  patchReferenceIds: string[];
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

  /** Whether patches lie over any file of any version. */
  async anyPatched(datasetId: string): Promise<boolean> {
    const [found] = (await this.components.query(
      `SELECT EXISTS (SELECT FROM components
         WHERE dataset_id = $1 AND patches IS NOT NULL AND released_at IS NULL) AS found`,
      [datasetId],
    )) as [{ found: boolean }];
    return found.found;
  }

  private async findChunk(ids: readonly string[], tx?: Transaction): Promise<ComponentView[]> {
    return (await (tx ? managerOf(tx) : this.components).query(
      `SELECT id, file_id AS "fileId", content_hash AS "contentHash", size_bytes::float8 AS size,
         file_type AS "fileType", file_name AS "fileName", mime_type AS "mimeType",
         compression_type AS "compressionType", position AS index, metadata, patches
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
    await this.count(
      tx,
      version.datasetId,
      components.flatMap((component) => [component, ...(component.patches?.chain ?? [])]),
    );
    return ids;
  }

  private async insertChunk(
    tx: Transaction,
    version: { id: string; datasetId: string },
    components: readonly NewComponent[],
  ): Promise<string[]> {
    const rows = (await managerOf(tx).query(
      `INSERT INTO components (dataset_id, version_id, file_id, reference_id, content_hash,
         size_bytes, file_type, file_name, mime_type, compression_type, position, metadata,
         patches, patch_reference_ids)
       SELECT $1, $2, c.file_id, c.reference_id, c.content_hash, c.size_bytes, c.file_type,
         c.file_name, c.mime_type, c.compression_type, c.position, c.metadata,
         c.patches, c.patch_reference_ids::bigint[]
       FROM unnest($3::int[], $4::bigint[], $5::text[], $6::bigint[], $7::text[], $8::text[],
              $9::text[], $10::text[], $11::int[], $12::jsonb[], $13::jsonb[], $14::text[]) WITH ORDINALITY
         AS c (file_id, reference_id, content_hash, size_bytes, file_type, file_name, mime_type,
               compression_type, position, metadata, patches, patch_reference_ids, place)
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
        components.map(({ patches }) => patches && JSON.stringify(patches)),
        components.map(({ patchReferenceIds }) => `{${patchReferenceIds.join(',')}}`),
      ],
    )) as { id: string }[];
    return rows.map(({ id }) => id);
  }

  private async count(
    tx: Transaction,
    datasetId: string,
    contents: readonly { fileId: number; size: number }[],
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
      [datasetId, contents.map(({ fileId }) => fileId), contents.map(({ size }) => size)],
    );
  }

  /** Counts contents off that were given up. */
  async countOff(
    tx: Transaction,
    datasetId: string,
    contents: readonly { fileId: number; size: number }[],
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
      [datasetId, contents.map(({ fileId }) => fileId), contents.map(({ size }) => size)],
    );
  }
}
