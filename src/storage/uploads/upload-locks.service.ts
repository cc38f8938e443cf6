import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import type { PrincipalId } from '../../core/contracts/ids.js';
import { LOCK_SECONDS, UploadLock } from './upload-lock.js';
import { UploadLocksRepository, type LockAttempt } from './upload-locks.repository.js';
import { UploadLockedError, UploadNotFoundError } from './uploads.errors.js';
import type { UploadView } from './uploads.repository.js';

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
  constructor(private readonly locks: UploadLocksRepository) {}

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
      if (!attempt.isHeld) return this.hold(token, attempt);
      if (Date.now() >= deadline) throw new UploadLockedError();
    }
  }

  private hold(token: string, { upload, previous, hasLapsed }: LockAttempt): HeldUpload {
    const { id } = upload;
    const lock = new UploadLock(token, {
      renew: (point) => this.locks.renew(id, token, LOCK_SECONDS, point),
      setLength: (length) => this.locks.setLength(id, token, length),
      keep: (tx) => this.locks.keep(tx, id, token),
      release: () => this.locks.release(id, token),
    });
    return { upload, lock, previous: hasLapsed ? null : previous };
  }
}
