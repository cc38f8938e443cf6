import { Inject, Injectable } from '@nestjs/common';
import { AUDIT_LOG, type IAuditLog } from '../../core/contracts/audit-log.contract.js';
import type { Principal } from '../../core/contracts/principal.contract.js';
import { QUOTAS, type IQuotas, type Usage } from '../../core/contracts/quotas.contract.js';
import { UnitOfWork } from '../../core/database/index.js';
import { datasetTarget } from '../dataset-changes.service.js';
import { DatasetsService } from '../datasets.service.js';
import { DatasetQuotasRepository } from './dataset-quotas.repository.js';

export interface DatasetQuota extends Usage {
  /** What was set for this dataset alone. */
  bytes: number | null;
}

/** How much a dataset may keep: set by admins of the installation, seen by whoever may change it. */
@Injectable()
export class DatasetQuotasService {
  constructor(
    @Inject(AUDIT_LOG) private readonly audit: IAuditLog,
    @Inject(QUOTAS) private readonly quotas: IQuotas,
    private readonly datasets: DatasetsService,
    private readonly own: DatasetQuotasRepository,
    private readonly unitOfWork: UnitOfWork,
  ) {}

  /** @throws DatasetNotFoundError, ForbiddenError */
  async get(caller: Principal, key: string): Promise<DatasetQuota> {
    const dataset = await this.datasets.getAs(caller, key, 'writer');
    const usage = await this.quotas.usageOfDataset(dataset.id);
    return { bytes: await this.own.find(dataset.id), ...usage };
  }

  /**
   * One below what the dataset keeps takes nothing from it, and lets nothing more in.
   * @throws DatasetNotFoundError, ForbiddenError
   */
  async set(caller: Principal, key: string, bytes: number | null): Promise<DatasetQuota> {
    const { id } = await this.datasets.getAs(caller, key, 'admin');
    await this.unitOfWork.run(async (tx) => {
      await this.datasets.lock(tx, caller, id, 'admin');
      const before = await this.own.find(id, tx);
      if (before === bytes) return;
      await this.own.set(tx, id, bytes);
      await this.audit.record(tx, caller, {
        action: 'dataset.quota',
        targets: [datasetTarget(id)],
        before,
        after: bytes,
        details: { bytes },
      });
    });
    return await this.get(caller, id);
  }
}
