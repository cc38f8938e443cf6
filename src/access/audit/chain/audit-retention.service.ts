import {
  Inject,
  Injectable,
  Logger,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { ENV, type Env } from '../../../core/config/config.js';
import { AUDIT_LOG, type IAuditLog } from '../../../core/contracts/audit-log.contract.js';
import { UnitOfWork } from '../../../core/database/index.js';
import { AuditChainRepository } from './audit-chain.repository.js';
import { AuditSigningKey } from './audit-signing-key.service.js';
import { signDrop } from './chain.js';

const INTERVAL_MS = 3_600_000;

/**
 * Drops what is older than AUDIT_RETENTION_DAYS, in whole segments of which the signed head stays, so
 * that the chain still goes from its first entry to its last. Each drop is an entry of the log.
 */
@Injectable()
export class AuditRetention implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly logger = new Logger(AuditRetention.name);
  private timer: NodeJS.Timeout | null = null;
  private running: Promise<void> = Promise.resolve();
  private isStopping = false;

  constructor(
    @Inject(ENV) private readonly env: Env,
    @Inject(AUDIT_LOG) private readonly log: IAuditLog,
    private readonly chain: AuditChainRepository,
    private readonly signingKey: AuditSigningKey,
    private readonly unitOfWork: UnitOfWork,
  ) {}

  onApplicationBootstrap(): void {
    if (this.env.AUDIT_RETENTION_DAYS === 0) return;
    const turn = (): void => {
      this.running = this.running.then(() => this.attempt());
    };
    this.timer = setInterval(turn, INTERVAL_MS).unref();
    turn();
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.isStopping = true;
    if (this.timer) clearInterval(this.timer);
    await this.running;
  }

  /** Drops all that is due, a segment at a time. Returns how many segments it dropped. */
  async drop(days = this.env.AUDIT_RETENTION_DAYS): Promise<number> {
    for (let dropped = 0; ; dropped += 1) {
      if (this.isStopping || !(await this.dropOldest(days))) return dropped;
    }
  }

  private async attempt(): Promise<void> {
    await this.drop().catch((error: unknown) => {
      this.logger.warn(
        { err: error },
        'Old parts of the audit log were not dropped; trying again.',
      );
    });
  }

  private async dropOldest(days: number): Promise<boolean> {
    return await this.unitOfWork.run(async (tx) => {
      if (!(await this.chain.tryLock(tx))) return false;
      const segment = await this.chain.oldestToDrop(tx, days);
      if (!segment) return false;
      const key = await this.signingKey.get();
      await this.chain.drop(tx, segment, signDrop(segment, new Date(), key));
      await this.log.record(tx, null, {
        action: 'audit.drop',
        targets: [`audit-segment:${segment.id}`],
        before: null,
        after: null,
        details: {
          firstSeq: segment.firstSeq,
          lastSeq: segment.lastSeq,
          headHash: segment.headHash.toString('hex'),
        },
      });
      return true;
    });
  }
}
