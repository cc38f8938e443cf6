import { setTimeout as delay } from 'node:timers/promises';
import { Injectable, Logger, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { RateLimitsRepository } from './rate-limits.repository.js';

/** What became of one request. */
export interface RateDecision {
  isAllowed: boolean;
  /** Requests a minute. */
  limit: number;
  /** What is left of them, as this replica knows it: others may have taken of it since. */
  remaining: number;
  /** Seconds to the end of the window. */
  resetSeconds: number;
}

/** What this replica may spend of a subject's limit until the window ends. */
interface Lease {
  left: number;
  /** What the database had left when it was last asked. */
  rest: number;
  /** By this process's monotonic clock, and not later than by the database's. */
  endsAt: number;
}

/** Leases kept. One that is pushed out is lost for its window, which only makes the limit tighter. */
const MAX_LEASES = 50_000;
/** Longer than this no request waits for a lease. */
const PATIENCE_MS = 1_000;
/** For so long a database that failed is not asked again. */
const PAUSE_MS = 1_000;
const PURGE_MS = 3_600_000;

/**
 * Counts requests of a subject in fixed windows of a minute, over all replicas. Each replica takes a part
 * of the limit from the database and spends it in memory: the sum over replicas never exceeds the limit,
 * and of 600,000 requests some 250 ask the database. (rate-limiter-flexible and @nestjs/throttler write
 * once for each request or count for each replica apart.) What one replica has leased and does not use is
 * lost to the others until the window ends: at most a twentieth of what was left then.
 *
 * When the database fails, or is too slow, every request is let through: the limiter is no second reason
 * to fail.
 */
@Injectable()
export class RateLimiter implements OnModuleInit, OnApplicationShutdown {
  private readonly logger = new Logger(RateLimiter.name);
  private readonly leases = new LRUCache<string, Lease>({ max: MAX_LEASES });
  private readonly pending = new Map<string, Promise<boolean>>();
  private readonly waiting = new Map<string, number>();
  private isFailing = false;
  private askAgainAt = 0;
  private purge: NodeJS.Timeout;

  constructor(private readonly limits: RateLimitsRepository) {}

  onModuleInit(): void {
    this.purge = setInterval(() => {
      this.limits.removeOld().catch((error: unknown) => {
        this.logger.warn({ err: error }, 'Old rows of rate limits were not removed.');
      });
    }, PURGE_MS);
    this.purge.unref();
  }

  onApplicationShutdown(): void {
    clearInterval(this.purge);
  }

  /**
   * Counts one request; at once when a lease is there.
   * @param limit requests a minute, above 0
   * @returns `null` when nobody could be asked: let the request through
   */
  take(subject: string, limit: number): RateDecision | null | Promise<RateDecision | null> {
    return this.spend(subject, limit) ?? this.takeLater(subject, limit);
  }

  /** The refusal that a request of this subject would get, if it is known to get one. */
  refusalOf(subject: string, limit: number): RateDecision | null {
    const lease = this.liveLease(subject);
    return lease && lease.left + lease.rest === 0 ? decision(lease, limit, false) : null;
  }

  private async takeLater(subject: string, limit: number): Promise<RateDecision | null> {
    this.waiting.set(subject, (this.waiting.get(subject) ?? 0) + 1);
    try {
      while (performance.now() >= this.askAgainAt && (await this.renew(subject, limit))) {
        const taken = this.spend(subject, limit);
        if (taken) return taken;
      }
      return null;
    } finally {
      const others = (this.waiting.get(subject) ?? 1) - 1;
      if (others > 0) this.waiting.set(subject, others);
      else this.waiting.delete(subject);
    }
  }

  private spend(subject: string, limit: number): RateDecision | null {
    const lease = this.liveLease(subject);
    if (!lease) return null;
    if (lease.left > 0) {
      lease.left -= 1;
      return decision(lease, limit, true);
    }
    return lease.rest > 0 ? null : decision(lease, limit, false);
  }

  private liveLease(subject: string): Lease | null {
    const lease = this.leases.get(subject);
    return lease && performance.now() < lease.endsAt ? lease : null;
  }

  /** One question for all that wait for this subject. Returns whether it was answered. */
  private renew(subject: string, limit: number): Promise<boolean> {
    let asked = this.pending.get(subject);
    if (!asked) {
      asked = this.ask(subject, limit).finally(() => this.pending.delete(subject));
      this.pending.set(subject, asked);
    }
    return asked;
  }

  private async ask(subject: string, limit: number): Promise<boolean> {
    const lease = this.lease(subject, limit);
    // It may still come, and is good for later requests then.
    const tooSlow = delay(PATIENCE_MS, 'slow' as const, { ref: false });
    try {
      if ((await Promise.race([lease, tooSlow])) === 'slow')
        throw new Error('No lease came in time.');
      if (this.isFailing) this.logger.log('Rate limits hold again.');
      this.isFailing = false;
      return true;
    } catch (error) {
      lease.catch(() => undefined);
      this.askAgainAt = performance.now() + PAUSE_MS;
      if (!this.isFailing) {
        this.logger.warn({ err: error }, 'The database gives no leases: no request is limited.');
      }
      this.isFailing = true;
      return false;
    }
  }

  private async lease(subject: string, limit: number): Promise<void> {
    // Read before the question, so that our window ends before the database's and not after it.
    const askedAt = performance.now();
    const wanted = this.waiting.get(subject) ?? 1;
    const { granted, rest, leftMs } = await this.limits.lease(subject, limit, wanted);
    this.leases.set(subject, { left: granted, rest, endsAt: askedAt + leftMs });
  }
}

const decision = (lease: Lease, limit: number, isAllowed: boolean): RateDecision => ({
  isAllowed,
  limit,
  remaining: lease.left + lease.rest,
  resetSeconds: Math.max(1, Math.ceil((lease.endsAt - performance.now()) / 1000)),
});
