import {
  Inject,
  Injectable,
  Logger,
  type OnApplicationShutdown,
  type OnModuleInit,
} from '@nestjs/common';
import { ENV, type Env } from '../../core/config/config.js';
import type { Principal } from '../../core/contracts/principal.contract.js';
import type { SizedContent } from '../../core/contracts/quotas.contract.js';
import type { Transaction } from '../../core/database/index.js';
import { QuotaExceededError } from './limits.errors.js';
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
export class InstallationQuota implements OnModuleInit, OnApplicationShutdown {
  private readonly logger = new Logger(InstallationQuota.name);
  private counted = 0;
  private added = 0;
  private timer: NodeJS.Timeout | null = null;
  private stopped = false;

  constructor(
    @Inject(ENV) private readonly env: Pick<Env, 'STORAGE_QUOTA_BYTES'>,
    private readonly usage: QuotasRepository,
  ) {}

  async onModuleInit(): Promise<void> {
    if (this.env.STORAGE_QUOTA_BYTES > 0) await this.count();
  }

  onApplicationShutdown(): void {
    this.stopped = true;
    if (this.timer) clearTimeout(this.timer);
  }

  /**
   * To be asked in the transaction that adds these contents; only what nobody has stored yet needs room.
   * @param alongside what the service itself adds: counted, and no reason to refuse
   * @throws QuotaExceededError
   */
  async admit(
    tx: Transaction,
    caller: Principal,
    contents: readonly SizedContent[],
    alongside: readonly SizedContent[],
  ): Promise<void> {
    if (this.env.STORAGE_QUOTA_BYTES === 0) return;
    const needed = await this.usage.countNew(tx, contents);
    if (needed > 0 && this.isFullFor(needed)) this.refuse(caller, needed);
    const bytes = needed + (await this.usage.countNew(tx, alongside));
    tx.afterCommit(() => void (this.added += bytes));
  }

  /** Whether there is a quota that has no room for these. */
  isFullFor(bytes: number): boolean {
    const quotaBytes = this.env.STORAGE_QUOTA_BYTES;
    return quotaBytes > 0 && this.counted + this.added + bytes > quotaBytes;
  }

  /** How much others keep is told to admins alone. @throws QuotaExceededError */
  refuse({ isAdmin }: Principal, neededBytes: number): never {
    throw new QuotaExceededError({
      quota: 'installation',
      neededBytes,
      ...(isAdmin && {
        quotaBytes: this.env.STORAGE_QUOTA_BYTES,
        usedBytes: this.counted + this.added,
      }),
    });
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
