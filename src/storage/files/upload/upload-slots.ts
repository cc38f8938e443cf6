import { setTimeout as delay } from 'node:timers/promises';
import { Inject, Injectable, type BeforeApplicationShutdown } from '@nestjs/common';
import { ENV, type Env } from '../../../core/config/config.js';
import type { PrincipalId } from '../../../core/contracts/ids.js';
import { Metrics } from '../../../core/metrics/metrics.js';
import { TooManyUploadsError, UploadSlotsBusyError } from '../files.errors.js';

/** How long cut uploads get to roll back; what is left then is the collector's. */
const ROLL_BACK_MS = 10_000;

/**
 * Bounds the uploads that one process receives at a time, and with them its memory. No user gets all of
 * them, so that others find one.
 */
@Injectable()
export class UploadSlots implements BeforeApplicationShutdown {
  private used = 0;
  private readonly usedBy = new Map<PrincipalId, number>();

  constructor(
    @Inject(ENV) private readonly env: Pick<Env, 'UPLOAD_SLOTS' | 'UPLOAD_SLOTS_PER_USER'>,
    private readonly metrics: Metrics,
  ) {}

  /**
   * Returns what gives the slot back; calling that twice is harmless.
   * @throws UploadSlotsBusyError, TooManyUploadsError
   */
  take(userId: PrincipalId): () => void {
    if (this.used >= this.env.UPLOAD_SLOTS) throw new UploadSlotsBusyError();
    if ((this.usedBy.get(userId) ?? 0) >= this.env.UPLOAD_SLOTS_PER_USER) {
      throw new TooManyUploadsError(this.env.UPLOAD_SLOTS_PER_USER);
    }
    this.count(userId, 1);
    let isHeld = true;
    return () => {
      if (isHeld) this.count(userId, -1);
      isHeld = false;
    };
  }

  /** An upload that was cut still has to roll back, for which it needs the database that goes next. */
  async beforeApplicationShutdown(): Promise<void> {
    const deadline = Date.now() + ROLL_BACK_MS;
    while (this.used > 0 && Date.now() < deadline) await delay(20);
  }

  private count(userId: PrincipalId, change: number): void {
    this.used += change;
    const own = (this.usedBy.get(userId) ?? 0) + change;
    if (own > 0) this.usedBy.set(userId, own);
    else this.usedBy.delete(userId);
    this.metrics.uploadSlots.set(this.used);
  }
}
