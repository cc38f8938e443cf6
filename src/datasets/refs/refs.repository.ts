import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { Repository } from 'typeorm';
import { managerOf, type Transaction } from '../../core/database/index.js';
import { DatasetRef, type RefKind } from '../entities/dataset-ref.entity.js';

export interface Ref {
  name: string;
  kind: RefKind;
  versionId: string;
  versionNumber: number;
  createdAt: Date;
  updatedAt: Date;
}

const SELECT = `
  SELECT r.name, r.kind, r.version_id AS "versionId", v.version_number AS "versionNumber",
    r.created_at AS "createdAt", r.updated_at AS "updatedAt"
  FROM dataset_refs r JOIN dataset_versions v ON v.id = r.version_id`;

@Injectable()
export class RefsRepository {
  constructor(@InjectRepository(DatasetRef) private readonly refs: Repository<DatasetRef>) {}

  async find(datasetId: string, name: string, tx?: Transaction): Promise<Ref | null> {
    const [row] = (await (tx ? managerOf(tx) : this.refs).query(
      `${SELECT} WHERE r.dataset_id = $1 AND r.name = $2`,
      [datasetId, name],
    )) as Ref[];
    return row ?? null;
  }

  /** By name, byte by byte. */
  async list(datasetId: string, after: string | null, limit: number): Promise<Ref[]> {
    return (await this.refs.query(
      `${SELECT} WHERE r.dataset_id = $1 AND ($2::text IS NULL OR r.name > $2)
       ORDER BY r.name LIMIT $3`,
      [datasetId, after, limit],
    )) as Ref[];
  }

  /** Makes it, or moves it. */
  async put(
    tx: Transaction,
    datasetId: string,
    ref: Pick<Ref, 'name' | 'kind' | 'versionId'>,
  ): Promise<void> {
    await managerOf(tx).query('UPDATE datasets SET updated_at = now() WHERE id = $1', [datasetId]);
    await managerOf(tx).query(
      `INSERT INTO dataset_refs (dataset_id, name, kind, version_id) VALUES ($1, $2, $3, $4)
       ON CONFLICT (dataset_id, name)
       DO UPDATE SET version_id = EXCLUDED.version_id, updated_at = now()`,
      [datasetId, ref.name, ref.kind, ref.versionId],
    );
  }

  async remove(tx: Transaction, datasetId: string, name: string): Promise<void> {
    await managerOf(tx).query('DELETE FROM dataset_refs WHERE dataset_id = $1 AND name = $2', [
      datasetId,
      name,
    ]);
  }
}
