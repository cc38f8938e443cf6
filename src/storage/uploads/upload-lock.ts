import type { StagedPoint, StagedState } from '../../core/contracts/storage-backend.contract.js';
import type { Transaction } from '../../core/database/index.js';
import { DatabaseUnavailableError } from '../../core/errors/index.js';
import { faultPoint } from '../../core/faults/fault-points.js';
import { UploadLockedError } from './uploads.errors.js';

export const LOCK_SECONDS = 15;
const RENEW_MS = (LOCK_SECONDS * 1000) / 3;
/** Whoever could not renew for so long writes no more: the lock may be another's soon. */
const SELF_FENCE_MS = (LOCK_SECONDS * 1000 * 2) / 3;
const BEAT_MS = 1000;
/** Without a byte for so long it is looked whether somebody else waits… */
const QUIET_MS = 2000;
/** …and for so long, the lock is given up for that one: the connection may be dead. */
const SILENT_MS = 3000;

interface Steps {
  renew(point: StagedPoint | null, brings: boolean): Promise<{ isReleaseAsked: boolean } | null>;
  setLength(length: number): Promise<boolean>;
  keep(tx: Transaction, state?: StagedState): Promise<boolean>;
  release(isClean: boolean): Promise<void>;
}

/**
 * The right to write to one upload, while it is held. It is renewed by itself. A process that was frozen
 * finds by a clock of its own that its time is over, before it writes; one that was frozen after it has
 * looked writes all the same, and finds the bytes that others go on with in another place (`hasRival`).
 */
export class UploadLock {
  private readonly controller = new AbortController();
  private readonly timer: NodeJS.Timeout;
  private renewedAt = performance.now();
  private heardAt = performance.now();
  private isRenewing = false;
  private brings = false;
  private lost: UploadLockedError | null = null;

  constructor(
    readonly token: string,
    private readonly steps: Steps,
    private rival = false,
  ) {
    this.timer = setInterval(() => void this.beat(), BEAT_MS);
    this.timer.unref();
  }

  /** Fires when the lock is lost, or wanted by another while nothing comes. */
  get ended(): AbortSignal {
    return this.controller.signal;
  }

  /** Whoever had the lock before never let go, and may still write where the bytes lie now. */
  get hasRival(): boolean {
    return this.rival;
  }

  /** The client, or the disk that is read, is alive. */
  heard(): void {
    this.heardAt = performance.now();
  }

  /**
   * Bytes of the client came, so the upload is kept for as long again, from the first of them on: a request
   * that brings none does not keep it.
   */
  async heardBytes(): Promise<void> {
    this.heard();
    if (this.brings) return;
    this.brings = true;
    await this.renew();
  }

  /** To be asked before each write. @throws UploadLockedError, DatabaseUnavailableError */
  assertHeld(): void {
    if (this.lost) throw this.lost;
    if (performance.now() - this.renewedAt > SELF_FENCE_MS) throw new DatabaseUnavailableError();
    faultPoint('T1');
  }

  /** Moves the offset of the upload. @throws UploadLockedError when the lock is lost */
  async moveTo(point: StagedPoint): Promise<void> {
    await this.renew(point);
  }

  /** @throws UploadLockedError */
  async renew(point: StagedPoint | null = null): Promise<{ isReleaseAsked: boolean }> {
    const startedAt = performance.now();
    const renewed = await this.steps.renew(point, this.brings);
    if (!renewed) {
      this.lost = new UploadLockedError();
      this.controller.abort(this.lost);
      throw this.lost;
    }
    this.renewedAt = startedAt;
    return renewed;
  }

  /** Says how long the upload will be. @throws UploadLockedError */
  async setLength(length: number): Promise<void> {
    if (!(await this.steps.setLength(length))) throw new UploadLockedError();
  }

  /** Sees to it that it is held until the transaction ends. @throws UploadLockedError */
  async keep(tx: Transaction): Promise<void> {
    if (!(await this.steps.keep(tx))) throw new UploadLockedError();
  }

  /** As `keep`; the state is that of bytes in another place. */
  async keepInPlace(tx: Transaction, state: StagedState): Promise<void> {
    if (!(await this.steps.keep(tx, state))) throw new UploadLockedError();
  }

  /** The bytes lie in a place now that nobody else knows. */
  leftRival(): void {
    this.rival = false;
  }

  /** Never throws: what can't be released runs out. A rival that was not left is the next one's too. */
  async release(): Promise<void> {
    clearInterval(this.timer);
    await this.steps.release(!this.rival).catch(() => undefined);
  }

  private async beat(): Promise<void> {
    const silence = performance.now() - this.heardAt;
    const isDue = performance.now() - this.renewedAt >= RENEW_MS || silence >= QUIET_MS;
    if (this.isRenewing || !isDue) return;
    this.isRenewing = true;
    try {
      const { isReleaseAsked } = await this.renew();
      if (isReleaseAsked && performance.now() - this.heardAt >= SILENT_MS) {
        this.controller.abort(new UploadLockedError());
      }
    } catch {
      // It is lost, which the signal says; or the database does not answer, which `assertHeld` counts.
    } finally {
      this.isRenewing = false;
    }
  }
}
