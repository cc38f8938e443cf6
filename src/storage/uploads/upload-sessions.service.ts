import { Inject, Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import {
  STORAGE_BACKEND,
  type IStagedFile,
  type IStorageBackend,
} from '../../core/contracts/storage-backend.contract.js';
import { ObjectNotFoundError } from '../../core/errors/index.js';
import { storageKeyOf } from '../ingest/attempts.js';
import { ContentHasher } from '../ingest/content-hasher.js';
import type { HeldUpload } from './upload-locks.service.js';
import { UploadSession, type KnownBytes } from './upload-session.js';
import { UploadGoneError } from './uploads.errors.js';

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

  constructor(@Inject(STORAGE_BACKEND) private readonly backend: IStorageBackend) {}

  /** What is known of the bytes still holds for whoever has the lock next, if nobody else had it. */
  passOn({ upload: { id }, lock, previous }: HeldUpload): void {
    const remembered = this.known.get(id);
    if (remembered?.token === previous) remembered.token = lock.token;
    else this.known.delete(id);
  }

  /** @throws UploadGoneError when bytes are lost, UploadLockedError, StorageUnavailableError */
  async open({ upload, lock }: HeldUpload): Promise<UploadSession> {
    const { id, offset, state } = upload;
    const remembered = this.known.get(id);
    this.known.delete(id);
    // What comes now cuts the bytes to what is durable: not those of somebody who has gone on since.
    lock.assertHeld();
    const staged = await this.openStaged(storageKeyOf(id), { size: offset, state });
    try {
      const isKnown = remembered?.token === lock.token && remembered.durable.size === offset;
      const known = remembered && isKnown ? remembered : await this.readAgain({ upload, lock });
      return new UploadSession(staged, lock, known);
    } catch (error) {
      await staged.suspend().catch(() => undefined);
      throw error;
    }
  }

  /** Nothing is kept open between two requests. */
  async close({ upload, lock }: Pick<HeldUpload, 'upload' | 'lock'>, session: UploadSession) {
    const known = await session.suspend();
    this.known.set(upload.id, { ...known, token: lock.token });
  }

  forget(id: string): void {
    this.known.delete(id);
  }

  private async openStaged(
    path: string,
    point: Parameters<IStorageBackend['resumeStaged']>[1],
  ): Promise<IStagedFile> {
    try {
      return await this.backend.resumeStaged(path, point);
    } catch (error) {
      if (!(error instanceof ObjectNotFoundError)) throw error;
      if (point.size > 0) throw new UploadGoneError();
      return await this.backend.openStaged(path);
    }
  }

  private async readAgain({
    upload: { id, offset, state },
    lock,
  }: Pick<HeldUpload, 'upload' | 'lock'>): Promise<KnownBytes> {
    const hasher = new ContentHasher();
    if (offset > 0) {
      const bytes = await this.backend.readStaged(storageKeyOf(id), { size: offset, state });
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
