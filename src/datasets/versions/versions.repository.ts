import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { Repository } from 'typeorm';
import type { DatasetId, VersionId } from '../../core/contracts/ids.js';
import type { Principal } from '../../core/contracts/principal.contract.js';
import { hasRole, managerOf, type Transaction } from '../../core/database/index.js';
import { DatasetVersion, type TypeCounts } from '../entities/dataset-version.entity.js';

export interface Version {
  id: VersionId;
  datasetId: DatasetId;
  versionNumber: number;
  parentId: string | null;
  mergedId: string | null;
  message: string;
  overlayFileId: number;
  ownLayerId: string;
  fileCount: number;
  totalBytes: number;
  types: TypeCounts;
  createdBy: string;
  createdAt: Date;
  deletedAt: Date | null;
}

export interface NewVersion extends Omit<Version, 'createdAt' | 'deletedAt'> {
  overlayReferenceId: string;
}

const COLUMNS = `
  v.id, v.dataset_id AS "datasetId", v.version_number AS "versionNumber", v.parent_id AS "parentId",
  v.merged_id AS "mergedId", v.message, v.overlay_file_id AS "overlayFileId",
  v.own_layer_id AS "ownLayerId", v.file_count AS "fileCount", v.total_bytes::float8 AS "totalBytes",
  v.types, v.created_by AS "createdBy", v.created_at AS "createdAt", v.deleted_at AS "deletedAt"`;

@Injectable()
export class VersionsRepository {
  constructor(
    @InjectRepository(DatasetVersion) private readonly versions: Repository<DatasetVersion>,
  ) {}

  async findByNumber(
    datasetId: string,
    versionNumber: number,
    tx?: Transaction,
  ): Promise<Version | null> {
    const where = 'v.dataset_id = $1 AND v.version_number = $2';
    return await this.find(where, [datasetId, versionNumber], tx);
  }

  async findById(datasetId: string, id: string, tx?: Transaction): Promise<Version | null> {
    return await this.find('v.dataset_id = $1 AND v.id = $2', [datasetId, id], tx);
  }

  /** Of a dataset that is not deleted: how many of its versions have been. */
  async countDeleted(datasetId: string): Promise<number | null> {
    const rows = (await this.versions.query(
      `SELECT deleted_versions AS count FROM datasets WHERE id = $1 AND deleted_at IS NULL`,
      [datasetId],
    )) as { count: number }[];
    return rows[0]?.count ?? null;
  }

  async findByRef(datasetId: string, name: string, tx?: Transaction): Promise<Version | null> {
    const where =
      'v.id = (SELECT r.version_id FROM dataset_refs r WHERE r.dataset_id = $1 AND r.name = $2)';
    return await this.find(where, [datasetId, name], tx);
  }

  /** Versions that are not deleted, newest first. */
  async list(datasetId: string, before: number | null, limit: number): Promise<Version[]> {
    return (await this.versions.query(
      `SELECT ${COLUMNS} FROM dataset_versions v
       WHERE v.dataset_id = $1 AND v.deleted_at IS NULL
         AND ($2::int IS NULL OR v.version_number < $2)
       ORDER BY v.version_number DESC LIMIT $3`,
      [datasetId, before, limit],
    )) as Version[];
  }

  /** The head that a commit builds on; with `tx`, when the row of the dataset is locked. */
  async headOf(datasetId: string, branch: string, tx?: Transaction): Promise<Version | null> {
    const where = `v.id = (SELECT r.version_id FROM dataset_refs r
      WHERE r.dataset_id = $1 AND r.name = $2 AND r.kind = 'branch')`;
    return await this.find(where, [datasetId, branch], tx);
  }

  /**
   * The next version number of a dataset, with its row locked until the commit: commits of a
   * dataset follow each other. `null` when it is deleted, or the caller is no writer of it any more.
   */
  async takeNumber(tx: Transaction, caller: Principal, datasetId: string): Promise<number | null> {
    // A statement of its own: who waits for the lock must see what was granted or taken meanwhile.
    await managerOf(tx).query('SELECT FROM datasets WHERE id = $1 FOR NO KEY UPDATE', [datasetId]);
    const [rows] = (await managerOf(tx).query(
      `UPDATE datasets SET last_version_number = last_version_number + 1,
         version_count = version_count + 1, updated_at = now()
       WHERE id = $3 AND deleted_at IS NULL
         AND ($1::boolean OR ${hasRole('datasets.id', '$2::uuid[]', 'writer')})
       RETURNING last_version_number`,
      [caller.isAdmin, caller.subjects, datasetId],
    )) as [{ last_version_number: number }[], number];
    return rows[0]?.last_version_number ?? null;
  }

  async insert(tx: Transaction, version: NewVersion): Promise<Version> {
    const [row] = (await managerOf(tx).query(
      `INSERT INTO dataset_versions AS v (id, dataset_id, version_number, parent_id, merged_id,
         message, overlay_file_id, overlay_reference_id, own_layer_id, file_count, total_bytes,
         types, created_by)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) RETURNING ${COLUMNS}`,
      [
        version.id,
        version.datasetId,
        version.versionNumber,
        version.parentId,
        version.mergedId,
        version.message,
        version.overlayFileId,
        version.overlayReferenceId,
        version.ownLayerId,
        version.fileCount,
        version.totalBytes,
        JSON.stringify(version.types),
        version.createdBy,
      ],
    )) as Version[];
    return row as Version;
  }

  async moveBranch(
    tx: Transaction,
    datasetId: string,
    branch: string,
    versionId: string,
  ): Promise<void> {
    await managerOf(tx).query(
      `INSERT INTO dataset_refs (dataset_id, name, kind, version_id) VALUES ($1, $2, 'branch', $3)
       ON CONFLICT (dataset_id, name)
       DO UPDATE SET version_id = EXCLUDED.version_id, updated_at = now()`,
      [datasetId, branch, versionId],
    );
  }

  private async find(
    where: string,
    parameters: unknown[],
    tx: Transaction | undefined,
  ): Promise<Version | null> {
    const [row] = (await (tx ? managerOf(tx) : this.versions).query(
      `SELECT ${COLUMNS} FROM dataset_versions v WHERE ${where}`,
      parameters,
    )) as Version[];
    return row ?? null;
  }
}
