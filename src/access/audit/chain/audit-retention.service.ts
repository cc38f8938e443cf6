import { Inject, Injectable } from '@nestjs/common';
import { PeriodicTask } from '../../../core/background/periodic-task.js';
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
export class AuditRetention extends PeriodicTask {
  constructor(
    @Inject(ENV) private readonly env: Pick<Env, 'AUDIT_RETENTION_DAYS'>,
    @Inject(AUDIT_LOG) private readonly log: IAuditLog,
    private readonly chain: AuditChainRepository,
    private readonly signingKey: AuditSigningKey,
    private readonly unitOfWork: UnitOfWork,
  ) {
    super({
      intervalMs: env.AUDIT_RETENTION_DAYS === 0 ? 0 : INTERVAL_MS,
      startsAtOnce: true,
      failure: 'Old parts of the audit log were not dropped; trying again.',
    });
  }

  /** Drops all that is due, a segment at a time. Returns how many segments it dropped. */
  async drop(days = this.env.AUDIT_RETENTION_DAYS): Promise<number> {
    for (let dropped = 0; ; dropped += 1) {
      if (this.isStopping || !(await this.dropOldest(days))) return dropped;
    }
  }

  protected async turn(): Promise<void> {
    await this.drop();
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
