import { setTimeout as delay } from 'node:timers/promises';
import {
  Injectable,
  Logger,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { UnitOfWork } from '../../../core/database/index.js';
import { fingerprintOf, type SigningKey } from '../../../core/ed25519.js';
import { AuditLogRepository } from '../audit-log.repository.js';
import { AuditChainRepository, type KeptSegment } from './audit-chain.repository.js';
import { AuditHeadKeeper } from './audit-head-keeper.service.js';
import { AuditSigningKey } from './audit-signing-key.service.js';
import { extendChain, isSigned, SEGMENT_RULES, type SegmentRules } from './chain.js';

/** For entries of a replica that has died, or whose commit nobody has told of. */
const INTERVAL_MS = 1000;
/** So long entries gather after the first, to be signed together. */
const GATHER_MS = 200;
const WARN_EVERY_MS = 60_000;

/**
 * Puts committed entries into the chain and signs its end, within a second or so. One replica at a
 * time; writers never wait for it. A turn is one transaction: whatever interrupts it, the next one
 * finds the same entries.
 */
@Injectable()
export class AuditSealer implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly logger = new Logger(AuditSealer.name);
  private timer: NodeJS.Timeout | null = null;
  private running: Promise<void> | null = null;
  private readonly stopping = new AbortController();
  private isWanted = false;
  private isHeadWanted = false;
  private warnedAt = -Infinity;
  private warnedOf: number | null = null;

  constructor(
    private readonly chain: AuditChainRepository,
    private readonly signingKey: AuditSigningKey,
    private readonly heads: AuditHeadKeeper,
    private readonly log: AuditLogRepository,
    private readonly unitOfWork: UnitOfWork,
  ) {}

  onApplicationBootstrap(): void {
    this.timer = setInterval(() => {
      this.isHeadWanted = true;
      this.wake();
    }, INTERVAL_MS).unref();
  }

  /** Seals what is there and tells the end of the log, without waiting for more. Never rejects. */
  async catchUp(): Promise<void> {
    this.isHeadWanted = true;
    this.running ??= this.attempt()
      .then(() => this.work())
      .finally(() => (this.running = null));
    await this.running;
  }

  /** The last entries are sealed too, so that a service that was stopped leaves none unsealed. */
  async beforeApplicationShutdown(): Promise<void> {
    if (this.stopping.signal.aborted) return;
    this.stopping.abort();
    if (this.timer) clearInterval(this.timer);
    await this.running;
    this.isHeadWanted = true;
    await this.attempt();
  }

  /** Soon; nobody waits for it. Entries that come meanwhile are sealed by one more turn. */
  wake(): void {
    this.isWanted = true;
    if (this.stopping.signal.aborted) return;
    this.running ??= this.work().finally(() => (this.running = null));
  }

  /** Seals all that is committed, unless another replica is at it. Returns how many entries it sealed. */
  async seal(rules: SegmentRules = SEGMENT_RULES): Promise<number> {
    for (let total = 0; ;) {
      const sealed = await this.turn(rules);
      total += sealed;
      if (sealed === 0) return total;
    }
  }

  private async work(): Promise<void> {
    const { signal } = this.stopping;
    while (this.isWanted && !signal.aborted) {
      await delay(GATHER_MS, undefined, { signal, ref: false }).catch(() => undefined);
      this.isWanted = false;
      await this.attempt();
    }
  }

  private async attempt(): Promise<void> {
    try {
      const { hasPending, lastSeq } = await this.log.newsOfChain();
      if (hasPending) await this.seal();
      // Not after each turn: the file is flushed to disk.
      if (this.isHeadWanted && (hasPending || this.heads.isBehind(lastSeq))) {
        await this.heads.follow();
      }
      this.isHeadWanted = false;
    } catch (error) {
      this.warn(error);
    }
  }

  /** A database that is away fails each turn, and is told of by others too. */
  private warn(error: unknown): void {
    if (performance.now() - this.warnedAt < WARN_EVERY_MS) return;
    this.warnedAt = performance.now();
    this.logger.warn({ err: error }, 'The audit log was not sealed; trying again.');
  }

  private async turn(rules: SegmentRules): Promise<number> {
    return await this.unitOfWork.run(async (tx) => {
      if (!(await this.chain.tryLock(tx))) return 0;
      const entries = await this.chain.takePending(tx);
      if (entries.length === 0) return 0;
      const key = await this.signingKey.get();
      const last = await this.chain.lastSegment(tx);
      if (last) this.examine(last, key);
      await this.chain.append(tx, extendChain(last, entries, key, new Date(), rules));
      return entries.length;
    });
  }

  /** Another one's segment, or one that was changed, is told of once and never signed anew. */
  private examine(last: KeptSegment, key: SigningKey): void {
    if (this.warnedOf === last.id) return;
    if (!isSigned(last)) {
      this.warnedOf = last.id;
      this.logger.error(
        { segment: last.id },
        'The audit log was changed behind the back of the service. Run `npm run audit:verify`.',
      );
    } else if (!last.publicKey.equals(key.publicKey)) {
      this.warnedOf = last.id;
      this.logger.warn(
        { segment: last.id, signedBy: fingerprintOf(last.publicKey) },
        'The audit log was signed with another key: give every replica the same AUDIT_SIGNING_KEY.',
      );
    }
  }
}
