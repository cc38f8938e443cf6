import {
  Inject,
  Injectable,
  Logger,
  type OnApplicationShutdown,
  type OnModuleInit,
} from '@nestjs/common';
import { ENV, type Env } from '../../core/config/config.js';
import type { Transaction } from '../../core/database/index.js';
import { QuotasRepository } from './quotas.repository.js';

const COUNT_EVERY_MS = 5_000;
/** Where counting takes long, less of the database's time than a twentieth goes to it. */
const REST_PER_COUNT = 20;

/**
 * The bytes that the installation keeps, for its quota: counted every few seconds, with what this
 * process has added since. No upload waits for another because of it. The quota can be exceeded by what
 * is published at the same moment, and by what other replicas publish between two counts.
 */
@Injectable()
export class InstallationUsage implements OnModuleInit, OnApplicationShutdown {
  private readonly logger = new Logger(InstallationUsage.name);
  private counted = 0;
  private added = 0;
  private timer: NodeJS.Timeout | null = null;
  private stopped = false;

  constructor(
    @Inject(ENV) private readonly env: Pick<Env, 'STORAGE_QUOTA_BYTES'>,
    private readonly usage: QuotasRepository,
  ) {}

  async onModuleInit(): Promise<void> {
    if (this.quotaBytes !== null) await this.count();
  }

  onApplicationShutdown(): void {
    this.stopped = true;
    if (this.timer) clearTimeout(this.timer);
  }

  /** `null`: there is none. */
  get quotaBytes(): number | null {
    return this.env.STORAGE_QUOTA_BYTES || null;
  }

  get usedBytes(): number {
    return this.counted + this.added;
  }

  /** They count when the transaction that adds them is committed, until they are counted with all. */
  addAfter(tx: Transaction, bytes: number): void {
    tx.afterCommit(() => void (this.added += bytes));
  }

  private async count(): Promise<void> {
    const startedAt = Date.now();
    const before = this.added;
    try {
      this.counted = await this.usage.countInstallation();
      this.added -= before;
    } catch (error) {
      this.logger.warn({ err: error }, 'The bytes of the installation could not be counted.');
    }
    if (this.stopped) return;
    const pause = Math.max(COUNT_EVERY_MS, (Date.now() - startedAt) * REST_PER_COUNT);
    this.timer = setTimeout(() => void this.count(), pause);
    this.timer.unref();
  }
}
