import { Inject, Injectable, Logger } from '@nestjs/common';
import { ENV, type Env } from '../../../core/config/config.js';
import { UnitOfWork } from '../../../core/database/index.js';
import { fingerprintOf } from '../../../core/ed25519.js';
import { AuditChainRepository, type KeptSegment } from './audit-chain.repository.js';
import { AuditHeadFile, headOf } from './audit-head-file.js';
import type { Segment } from './chain.js';
import { hasHead } from './has-head.js';

const LOG_EVERY_MS = 5 * 60_000;

/**
 * Keeps the signed end of the chain outside of the database, in a file and in the log: the chain
 * cannot see by itself that it was cut off or written anew as a whole.
 */
@Injectable()
export class AuditHeadKeeper {
  private readonly logger = new Logger(AuditHeadKeeper.name);
  private readonly file: AuditHeadFile;
  private followedSeq = -1;
  private loggedSeq = 0;
  private loggedAt = -Infinity;
  private warnedAt = -Infinity;

  constructor(
    @Inject(ENV) env: Env,
    private readonly chain: AuditChainRepository,
    private readonly unitOfWork: UnitOfWork,
  ) {
    this.file = new AuditHeadFile(env.STRATUM_DATA_DIR);
  }

  /** Whether there is something to keep or to tell of a chain that ends there. */
  isBehind(lastSeq: number): boolean {
    return lastSeq !== this.followedSeq || (lastSeq !== this.loggedSeq && this.isLogDue);
  }

  /** Follows the chain, whichever replica has made it longer. Never goes back. */
  async follow(): Promise<void> {
    const kept = await this.file.read();
    const { last, isSame } = await this.unitOfWork.run(async (tx) => ({
      last: await this.chain.lastSegment(tx),
      isSame: kept === null || (await hasHead(tx, this.chain, kept)),
    }));
    this.followedSeq = last?.lastSeq ?? 0;
    if (!isSame) return this.warn(kept);
    if (!last) return;
    if (!kept || kept.lastSeq < last.lastSeq) await this.file.write(last);
    if (this.isLogDue && last.lastSeq !== this.loggedSeq) this.tell(last);
  }

  private get isLogDue(): boolean {
    return performance.now() - this.loggedAt >= LOG_EVERY_MS;
  }

  private tell(last: KeptSegment): void {
    this.loggedAt = performance.now();
    this.loggedSeq = last.lastSeq;
    this.logger.log(
      { auditHead: headOf(last), keyFingerprint: fingerprintOf(last.publicKey) },
      'The audit log is sealed as far as this.',
    );
  }

  private warn(kept: Segment | null): void {
    if (performance.now() - this.warnedAt < LOG_EVERY_MS) return;
    this.warnedAt = performance.now();
    this.logger.error(
      { keptSeq: kept?.lastSeq },
      'The audit log is not the one whose end audit-head keeps: it was cut off or rewritten, or the ' +
        'database is an older copy. Run `npm run audit:verify`; audit-head is left as it is.',
    );
  }
}
