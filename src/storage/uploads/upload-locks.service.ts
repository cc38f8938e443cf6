import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import type { PrincipalId } from '../../core/contracts/ids.js';
import type { StagedPoint, StagedState } from '../../core/contracts/storage-backend.contract.js';
import type { Transaction } from '../../core/database/index.js';
import { LOCK_SECONDS, UploadLock } from './upload-lock.js';
import { UploadLocksRepository, type LockAttempt } from './upload-locks.repository.js';
import { UploadLockedError, UploadNotFoundError } from './uploads.errors.js';
import { UploadsRepository, type UploadView } from './uploads.repository.js';

/** Longer than a holder whose client is silent takes to let go. */
const WAIT_MS = 5000;
const POLL_MS = 250;

/** An upload that nobody else writes to for now. */
export interface HeldUpload {
  upload: UploadView;
  lock: UploadLock;
  /** Whoever had the lock before and let go of it properly, so that what is known of its bytes holds. */
  previous: string | null;
}

@Injectable()
export class UploadLocks {
  constructor(
    private readonly locks: UploadLocksRepository,
    private readonly uploads: UploadsRepository,
  ) {}

  /**
   * Has whoever writes to the upload let go if its client is silent, and waits a while for that. The lock
   * is the caller's to release.
   * @throws UploadNotFoundError, UploadLockedError
   */
  async take(ownerId: PrincipalId | null, id: string): Promise<HeldUpload> {
    const token = randomUUID();
    for (const deadline = Date.now() + WAIT_MS; ; await delay(POLL_MS)) {
      const attempt = await this.locks.take(ownerId, id, token, LOCK_SECONDS);
      if (!attempt) throw new UploadNotFoundError();
      if (!attempt.isHeld) return await this.hold(id, token, attempt);
      if (Date.now() >= deadline) throw new UploadLockedError();
    }
  }

  private async hold(
    id: string,
    token: string,
    { previous, hasLapsed }: LockAttempt,
  ): Promise<HeldUpload> {
    const steps = {
      renew: (point: StagedPoint | null, brings: boolean) =>
        this.locks.renew(id, token, LOCK_SECONDS, point, brings),
      setLength: (length: number) => this.locks.setLength(id, token, length),
      keep: (tx: Transaction, state?: StagedState) => this.locks.keep(tx, id, token, state),
      release: (isClean: boolean) => this.locks.release(id, token, isClean),
    };
    const lock = new UploadLock(token, steps, hasLapsed);
    try {
      // Not by the statement that took it: that one may have waited, and has seen the intent as it was before.
      const upload = await this.uploads.find(null, id);
      if (!upload) throw new UploadNotFoundError();
      return { upload, lock, previous: hasLapsed ? null : previous };
    } catch (error) {
      await lock.release();
      throw error;
    }
  }
}
