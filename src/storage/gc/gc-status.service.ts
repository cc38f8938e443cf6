import { Inject, Injectable } from '@nestjs/common';
import {
  STORAGE_BACKEND,
  type IStorageBackend,
} from '../../core/contracts/storage-backend.contract.js';
import { ENV, type Env } from '../../core/config/config.js';
import { UnitOfWork } from '../../core/database/index.js';
import type { CollectionReport } from './collection-report.js';
import { GarbageCollector } from './garbage-collector.service.js';
import { GarbageRepository, type FailedRemoval } from './garbage.repository.js';
import { GcRunsRepository, type RecordedRun } from './gc-runs.repository.js';

const LAST_RUNS = 20;
const WORST_FAILURES = 20;

export interface CollectorStatus {
  next: CollectionReport;
  runs: RecordedRun[];
  failures: { count: number; items: FailedRemoval[] };
  storage: {
    files: number;
    usedBytes: number;
    quotaBytes: number | null;
    freeBytes: number | null;
  };
}

/** How the collector stands, for whoever looks after the installation. */
@Injectable()
export class GcStatus {
  constructor(
    @Inject(STORAGE_BACKEND) private readonly backend: IStorageBackend,
    @Inject(ENV) private readonly env: Env,
    private readonly collector: GarbageCollector,
    private readonly garbage: GarbageRepository,
    private readonly runs: GcRunsRepository,
    private readonly unitOfWork: UnitOfWork,
  ) {}

  async read(): Promise<CollectorStatus> {
    const next = await this.collector.collect({ dryRun: true });
    const freeBytes = await this.backend.freeBytes();
    return await this.unitOfWork.run(async (tx) => {
      const { objects: files, bytes: usedBytes } = await this.garbage.countFiles(tx);
      return {
        next,
        runs: await this.runs.last(tx, LAST_RUNS),
        failures: await this.garbage.failures(tx, WORST_FAILURES),
        storage: {
          files,
          usedBytes,
          freeBytes,
          quotaBytes: this.env.STORAGE_QUOTA_BYTES || null,
        },
      };
    });
  }
}
