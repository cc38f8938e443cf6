import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { Repository } from 'typeorm';
import type { TypeCounts } from '../entities/dataset-version.entity.js';
import { Dataset } from '../entities/dataset.entity.js';

export interface DatasetFigures {
  versions: number;
  files: number;
  bytes: number;
  types: TypeCounts;
  logicalBytes: number;
  storedBytes: number;
}

@Injectable()
export class StatisticsRepository {
  constructor(@InjectRepository(Dataset) private readonly datasets: Repository<Dataset>) {}

  /** `null` when it is deleted. One statement, so that the figures are of one moment. */
  async find(datasetId: string): Promise<DatasetFigures | null> {
    const [row] = (await this.datasets.query(
      `SELECT d.version_count AS versions, coalesce(v.file_count, 0) AS files,
         coalesce(v.total_bytes, 0)::float8 AS bytes, coalesce(v.types, '{}') AS types,
         d.logical_bytes::float8 AS "logicalBytes", d.stored_bytes::float8 AS "storedBytes"
       FROM datasets d
       LEFT JOIN dataset_refs r ON r.dataset_id = d.id AND r.name = 'main'
       LEFT JOIN dataset_versions v ON v.id = r.version_id
       WHERE d.id = $1 AND d.deleted_at IS NULL`,
      [datasetId],
    )) as DatasetFigures[];
    return row ?? null;
  }
}
