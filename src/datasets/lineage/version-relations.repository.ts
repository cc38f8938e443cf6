import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { Repository } from 'typeorm';
import type { DatasetId, FileId, VersionId } from '../../core/contracts/ids.js';
import type { Principal } from '../../core/contracts/principal.contract.js';
import { hasRole } from '../../core/database/index.js';
import { DatasetVersion } from '../entities/dataset-version.entity.js';
import { ComponentsRepository, type ComponentView } from '../versions/components.repository.js';
import { LayersRepository } from '../versions/layers.repository.js';

/** A version among others. */
export interface RelatedVersion {
  id: VersionId;
  datasetId: DatasetId;
  slug: string;
  versionNumber: number;
  parentId: VersionId | null;
  mergedId: VersionId | null;
  /** The job that it was published of. */
  jobId: string | null;
  createdBy: string;
  createdAt: Date;
}

export interface ShownFile {
  path: string;
  fileId: FileId;
  contentHash: string;
  /** Bytes. */
  size: number;
}

const COLUMNS = `v.id, v.dataset_id AS "datasetId", d.slug, v.version_number AS "versionNumber",
  v.parent_id AS "parentId", v.merged_id AS "mergedId", v.job_id AS "jobId",
  v.created_by AS "createdBy", v.created_at AS "createdAt"`;

/** What is deleted is there for nobody. */
const READABLE = `v.deleted_at IS NULL AND d.deleted_at IS NULL
  AND ($1::boolean OR ${hasRole('d.id', '$2::uuid[]')})`;

/** How versions hang together, with each other and with files; only those that the caller may read. */
@Injectable()
export class VersionRelationsRepository {
  constructor(
    @InjectRepository(DatasetVersion) private readonly versions: Repository<DatasetVersion>,
    private readonly layers: LayersRepository,
    private readonly components: ComponentsRepository,
  ) {}

  async findAll(caller: Principal, ids: readonly string[]): Promise<RelatedVersion[]> {
    return await this.find(caller, 'v.id = ANY($3::uuid[])', ids, ids.length);
  }

  /** Versions that were made on one of these, or took one in. */
  async childrenOf(
    caller: Principal,
    ids: readonly string[],
    limit: number,
  ): Promise<RelatedVersion[]> {
    const where = '(v.parent_id = ANY($3::uuid[]) OR v.merged_id = ANY($3::uuid[]))';
    return await this.find(caller, where, ids, limit);
  }

  /** Versions that were published of one of these jobs. */
  async publishedOf(
    caller: Principal,
    jobIds: readonly string[],
    limit: number,
  ): Promise<RelatedVersion[]> {
    return await this.find(caller, 'v.job_id = ANY($3::uuid[])', jobIds, limit);
  }

  /** Versions that have brought one of these files to a path of theirs. */
  async bringing(
    caller: Principal,
    fileIds: readonly FileId[],
    limit: number,
  ): Promise<(RelatedVersion & { fileId: FileId })[]> {
    if (fileIds.length === 0) return [];
    return (await this.versions.query(
      `SELECT DISTINCT ${COLUMNS}, c.file_id AS "fileId" FROM components c
       JOIN dataset_versions v ON v.id = c.version_id JOIN datasets d ON d.id = v.dataset_id
       WHERE c.file_id = ANY($3::int[]) AND c.released_at IS NULL AND ${READABLE}
       ORDER BY v.id, c.file_id LIMIT $4`,
      [caller.isAdmin, caller.subjects, fileIds, limit],
    )) as (RelatedVersion & { fileId: FileId })[];
  }

  /** The first files of a version below a folder, or of all; in the order of their paths. */
  async filesOf(versionId: string, folder: string, limit: number): Promise<ShownFile[]> {
    const layerIds = await this.layers.layersOf(versionId);
    const entries = await this.layers.page(layerIds, { prefix: folder, from: folder, limit });
    const views = await this.components.findAll(
      entries.flatMap(({ componentId }) => componentId ?? []),
    );
    return entries.map(({ path, componentId }) => {
      const { fileId, contentHash, size } = views.get(componentId as string) as ComponentView;
      return { path, fileId, contentHash, size };
    });
  }

  private async find(
    caller: Principal,
    where: string,
    among: readonly string[],
    limit: number,
  ): Promise<RelatedVersion[]> {
    if (among.length === 0) return [];
    return (await this.versions.query(
      `SELECT ${COLUMNS} FROM dataset_versions v JOIN datasets d ON d.id = v.dataset_id
       WHERE ${where} AND ${READABLE} ORDER BY v.id LIMIT $4`,
      [caller.isAdmin, caller.subjects, among, limit],
    )) as RelatedVersion[];
  }
}
