import { Inject, Injectable } from '@nestjs/common';
import { ENV, type Env } from '../../../core/config/config.js';
import { Metrics } from '../../../core/metrics/metrics.js';
import { UploadSlotsBusyError } from '../files.errors.js';

/** Bounds the uploads that one process receives at a time, and with them its memory. */
@Injectable()
export class UploadSlots {
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

  private count(change: number): void {
    this.used += change;
    this.metrics.uploadSlots.set(this.used);
  }
}
