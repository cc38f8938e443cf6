import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { Repository } from 'typeorm';
import { managerOf, type Transaction } from '../../core/database/index.js';
import { Dataset } from '../entities/dataset.entity.js';

@Injectable()
export class DatasetQuotasRepository {
  constructor(@InjectRepository(Dataset) private readonly datasets: Repository<Dataset>) {}

  async find(datasetId: string, tx?: Transaction): Promise<number | null> {
    const [row] = (await (tx ? managerOf(tx) : this.datasets).query(
      'SELECT quota_bytes::float8 AS bytes FROM datasets WHERE id = $1',
      [datasetId],
    )) as { bytes: number | null }[];
    return row?.bytes ?? null;
  }

  async set(tx: Transaction, datasetId: string, bytes: number | null): Promise<void> {
    await managerOf(tx).query('UPDATE datasets SET quota_bytes = $2 WHERE id = $1', [
      datasetId,
      bytes,
    ]);
  }
}
