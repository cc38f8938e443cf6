import { Injectable } from '@nestjs/common';
import type { Principal } from '../../core/contracts/principal.contract.js';
import { DatasetNotFoundError } from '../datasets.errors.js';
import { DatasetsService } from '../datasets.service.js';
import { StatisticsRepository, type DatasetFigures } from './statistics.repository.js';

export interface TypeStatistics {
  fileType: string;
  files: number;
  bytes: number;
}

export interface DatasetStatistics extends Omit<DatasetFigures, 'types'> {
  datasetId: string;
  types: TypeStatistics[];
  savedBytes: number;
}

/** Figures that commits keep up to date: nothing is counted when they are read. */
@Injectable()
export class StatisticsService {
  constructor(
    private readonly datasets: DatasetsService,
    private readonly statistics: StatisticsRepository,
  ) {}

  /** @param key its id or its slug. @throws DatasetNotFoundError */
  async get(caller: Principal, key: string): Promise<DatasetStatistics> {
    const { id } = await this.datasets.get(caller, key);
    const figures = await this.statistics.find(id);
    if (!figures) throw new DatasetNotFoundError();
    const { types, ...totals } = figures;
    return {
      datasetId: id,
      ...totals,
      types: Object.entries(types)
        .map(([fileType, counts]) => ({ fileType, ...counts }))
        .sort((x, y) => (x.fileType < y.fileType ? -1 : 1)),
      savedBytes: totals.logicalBytes - totals.storedBytes,
    };
  }
}
