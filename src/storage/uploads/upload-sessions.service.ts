import { Inject, Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import {
  STORAGE_BACKEND,
  type IStagedFile,
  type IStorageBackend,
} from '../../core/contracts/storage-backend.contract.js';
import { ObjectNotFoundError } from '../../core/errors/index.js';
import { isSwitchedOff } from '../../core/faults/fault-switches.js';
import { ContentHasher } from '../ingest/content-hasher.js';
import type { UploadLock } from './upload-lock.js';
import type { HeldUpload } from './upload-locks.service.js';
import { UploadMoves } from './upload-moves.service.js';
import { UploadSession, type KnownBytes } from './upload-session.js';
import { UploadGoneError } from './uploads.errors.js';
import type { UploadView } from './uploads.repository.js';

/** Memory for hashes of uploads that nobody writes to at the moment: of some ten thousand. */
const MAX_KNOWN_BYTES = 32 * 1024 * 1024;

type Remembered = KnownBytes & { token: string };

/**
 * Opens uploads for writing. What this process has hashed it remembers for a while; bytes that it knows
 * nothing of, since another process has received them, are read once more.
 */
@Injectable()
export class UploadSessions {
  private readonly known = new LRUCache<string, Remembered>({
    maxSize: MAX_KNOWN_BYTES,
    sizeCalculation: ({ hasher }) => hasher.weight,
  });

  constructor(
    @Inject(STORAGE_BACKEND) private readonly backend: IStorageBackend,
    private readonly moves: UploadMoves,
  ) {}

  /** What is known of the bytes still holds for whoever has the lock next, if nobody else had it. */
  passOn({ upload: { id }, lock, previous }: HeldUpload): void {
    const remembered = this.known.get(id);
    if (remembered?.token === previous) remembered.token = lock.token;
    else this.known.delete(id);
  }

  /**
   * Where the bytes lie, if nobody else can write there; else in a place of their own.
   * @throws UploadGoneError when bytes are lost, UploadLockedError, and what `UploadMoves.move` throws
   */
  async open(held: HeldUpload): Promise<UploadSession> {
    const { upload, lock } = held;
    const { id, offset } = upload;
    const remembered = this.known.get(id);
    this.known.delete(id);
    // What comes now cuts the bytes to what is durable: not those of somebody who has gone on since.
    lock.assertHeld();
    const staged = lock.hasRival && !isSwitchedOff('own-place') ? null : await this.resume(upload);
    if (!staged) {
      const { hasher, state, ...moved } = await this.moves.move(held);
      return new UploadSession(moved.staged, lock, { hasher, durable: hasher.mark() }, state);
    }
    try {
      const isKnown = remembered?.token === lock.token && remembered.durable.size === offset;
      const known = remembered && isKnown ? remembered : await this.readAgain(held);
      return new UploadSession(staged, lock, known, upload.state);
    } catch (error) {
      await staged.suspend().catch(() => undefined);
      throw error;
    }
  }

  /** Nothing is kept open between two requests, and of an upload that goes on nothing beyond its offset. */
  async close(
    { upload, lock }: HeldUpload,
    session: UploadSession,
    isFile: boolean,
  ): Promise<void> {
    const hasTail = session.offset > session.point.size;
    const known = await session.suspend();
    if (isFile) return;
    this.known.set(upload.id, { ...known, token: lock.token });
    if (hasTail) await this.cutTail(lock, session);
  }

  forget(id: string): void {
    this.known.delete(id);
  }

  /** Gives the room of what has come since the last checkpoint back at once. Never throws. */
  private async cutTail(lock: UploadLock, { staged, point }: UploadSession): Promise<void> {
    try {
      lock.assertHeld();
      await (await this.backend.resumeStaged(staged.path, point)).suspend();
    } catch {
      // Whoever opens them next does it.
    }
  }

  /** `null`: they are not staged any more; the transaction that was to refer to them after that failed. */
  private async resume({
    storageKey,
    offset: size,
    state,
  }: UploadView): Promise<IStagedFile | null> {
    if (storageKey === null) throw new UploadGoneError();
    try {
      return await this.backend.resumeStaged(storageKey, { size, state });
    } catch (error) {
      if (!(error instanceof ObjectNotFoundError)) throw error;
      if (size > 0 || (await this.backend.exists(storageKey))) return null;
      return await this.backend.openStaged(storageKey);
    }
  }

  private async readAgain({
    upload: { storageKey, offset, state },
    lock,
  }: Pick<HeldUpload, 'upload' | 'lock'>): Promise<KnownBytes> {
    const hasher = new ContentHasher();
    if (offset > 0 && storageKey !== null) {
      const bytes = await this.backend.readStaged(storageKey, { size: offset, state });
      for await (const chunk of bytes) {
        lock.heard();
        lock.assertHeld();
        hasher.update(chunk as Buffer);
      }
    }
    if (hasher.size !== offset) throw new UploadGoneError();
    return { hasher, durable: hasher.mark() };
  }
}
