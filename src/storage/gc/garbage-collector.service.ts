import {
  Inject,
  Injectable,
  Logger,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import {
  STORAGE_BACKEND,
  type IStorageBackend,
} from '../../core/contracts/storage-backend.contract.js';
import { ENV, type Env } from '../../core/config/config.js';
import { UnitOfWork, type Transaction } from '../../core/database/index.js';
import { faultPoint } from '../../core/faults/fault-points.js';
import { UploadsRepository } from '../uploads/uploads.repository.js';
import { GarbageRepository, type DueDelete } from './garbage.repository.js';

const BATCH = 100;

export interface CollectionReport {
  /** Uploads taken for dead. */
  reaped: number;
  /** References whose time was over. */
  expired: number;
  /** Files without references whose rows were removed. */
  doomed: number;
  /** Objects removed. */
  deleted: number;
  /** Removals that failed and will be repeated. */
  failed: number;
}

/**
 * Removes what nobody refers to, online, in any number of processes at once, without a leader. It
 * is correct at a grace of zero: grace and retention are only for people who change their mind.
 */
@Injectable()
export class GarbageCollector implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly logger = new Logger(GarbageCollector.name);
  private timer: NodeJS.Timeout | null = null;
  private running: Promise<unknown> = Promise.resolve();
  private stopped = false;

  constructor(
    @Inject(STORAGE_BACKEND) private readonly backend: IStorageBackend,
    @Inject(ENV) private readonly env: Env,
    private readonly garbage: GarbageRepository,
    private readonly unitOfWork: UnitOfWork,
    private readonly uploads: UploadsRepository,
  ) {}

  onApplicationBootstrap(): void {
    if (this.env.GC_INTERVAL_SECONDS > 0) this.schedule();
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.stopped = true;
    if (this.timer) clearTimeout(this.timer);
    await this.running;
  }

  /** One turn: everything that is due now. Only objects of this process's backend are removed. */
  async collect(): Promise<CollectionReport> {
    const report = { reaped: 0, expired: 0, doomed: 0, deleted: 0, failed: 0 };
    report.reaped = await this.garbage.reapUploads();
    faultPoint('G2');
    await this.uploads.sweep();
    report.expired = await this.inBatches((tx) => this.garbage.expireReferences(tx, BATCH));
    report.doomed = await this.doomAll();
    for (let due = await this.take(); due.length > 0; due = await this.take()) {
      for (const object of due) report[(await this.remove(object)) ? 'deleted' : 'failed'] += 1;
    }
    return report;
  }

  private async doomAll(): Promise<number> {
    const limits = {
      graceSeconds: this.env.GC_GRACE_SECONDS,
      retainSeconds: this.env.GC_RETAIN_SECONDS,
      batch: BATCH,
    };
    return await this.inBatches(async (tx) => {
      const count = await this.garbage.doom(tx, limits);
      faultPoint('G1');
      return count;
    });
  }

  /** Repeats a step, each time in a transaction of its own, until it finds less than a batch. */
  private async inBatches(step: (tx: Transaction) => Promise<number>): Promise<number> {
    for (let total = 0; ;) {
      const count = await this.unitOfWork.run(step);
      total += count;
      if (count < BATCH || this.stopped) return total;
    }
  }

  private async take(): Promise<DueDelete[]> {
    return this.stopped ? [] : await this.garbage.takeDeletes(this.backend.name, BATCH);
  }

  private async remove(due: DueDelete): Promise<boolean> {
    try {
      await this.backend.deleteFile(due.storageKey);
      faultPoint('G3');
      // Longer than any writer frozen at the worst moment is likely to sleep.
      await this.garbage.finishDelete(due, this.env.UPLOAD_LEASE_SECONDS * 10);
      return true;
    } catch (error) {
      this.logger.warn(
        { err: error, intent: due.id },
        'An object could not be removed; trying later.',
      );
      await this.garbage.postpone(due.id, String(error)).catch(() => undefined);
      return false;
    }
  }

  private schedule(): void {
    this.timer = setTimeout(() => {
      this.running = this.collect()
        .then((report) => {
          if (Object.values(report).some(Boolean)) this.logger.log(report, 'Garbage collected.');
        })
        .catch((error: unknown) => this.logger.error({ err: error }, 'Garbage collection failed.'))
        .finally(() => {
          if (!this.stopped) this.schedule();
        });
    }, this.env.GC_INTERVAL_SECONDS * 1000);
    this.timer.unref();
  }
}
