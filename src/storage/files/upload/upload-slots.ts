import { setTimeout as delay } from 'node:timers/promises';
import { Inject, Injectable, type BeforeApplicationShutdown } from '@nestjs/common';
import { ENV, type Env } from '../../../core/config/config.js';
import { Metrics } from '../../../core/metrics/metrics.js';
import { UploadSlotsBusyError } from '../files.errors.js';

/** How long cut uploads get to roll back; what is left then is the collector's. */
const ROLL_BACK_MS = 10_000;

/** Bounds the uploads that one process receives at a time, and with them its memory. */
@Injectable()
export class UploadSlots implements BeforeApplicationShutdown {
  private used = 0;

  constructor(
    @Inject(ENV) private readonly env: Env,
    private readonly metrics: Metrics,
  ) {}

  /** Returns what gives the slot back; calling that twice is harmless. @throws UploadSlotsBusyError */
  take(): () => void {
    if (this.used >= this.env.UPLOAD_SLOTS) throw new UploadSlotsBusyError();
    this.count(1);
    let isHeld = true;
    return () => {
      if (isHeld) this.count(-1);
      isHeld = false;
    };
  }

  /** An upload that was cut still has to roll back, for which it needs the database that goes next. */
  async beforeApplicationShutdown(): Promise<void> {
    const deadline = Date.now() + ROLL_BACK_MS;
    while (this.used > 0 && Date.now() < deadline) await delay(20);
  }

  private count(change: number): void {
    this.used += change;
    this.metrics.uploadSlots.set(this.used);
  }
}
