import { randomUUID } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import {
  STORAGE_BACKEND,
  type IStagedFile,
  type IStorageBackend,
  type StagedState,
} from '../../core/contracts/storage-backend.contract.js';
import { UnitOfWork } from '../../core/database/index.js';
import { ObjectNotFoundError, UploadLeaseLostError } from '../../core/errors/index.js';
import { faultPoint } from '../../core/faults/fault-points.js';
import { Attempts, type Attempt } from '../ingest/attempts.js';
import { ChunkWriter } from '../ingest/chunk-writer.js';
import { ContentHasher } from '../ingest/content-hasher.js';
import { IntentsRepository } from '../ingest/intents.repository.js';
import type { HeldUpload } from './upload-locks.service.js';
import { UploadGoneError } from './uploads.errors.js';

export interface MovedBytes {
  staged: IStagedFile;
  state: StagedState;
  /** Of exactly these bytes. */
  hasher: ContentHasher;
}

/**
 * Gives the bytes of an upload a new storage key. Whoever wrote to them and never let go may have been frozen
 * amid a call, and no lock hinders what the system has in hand: it lands in the old place, which is nobody's.
 */
@Injectable()
export class UploadMoves {
  constructor(
    @Inject(STORAGE_BACKEND) private readonly backend: IStorageBackend,
    private readonly attempts: Attempts,
    private readonly intents: IntentsRepository,
    private readonly unitOfWork: UnitOfWork,
  ) {}

  /**
   * Copies what is durable, and hashes it on the way. The copy is an attempt with an intent of its own until
   * one transaction makes it the upload's, and the old bytes the collector's.
   * @throws UploadGoneError when bytes are lost, UploadLockedError, UploadLeaseLostError, StorageFullError,
   *   StorageUnavailableError
   */
  async move(held: HeldUpload): Promise<MovedBytes> {
    const { upload, lock } = held;
    const place = await this.attempts.begin(randomUUID(), { expected: upload.offset });
    const { staged } = place;
    let hasher: ContentHasher;
    let state: StagedState;
    try {
      hasher = await this.copy(held, place);
      state = await staged.checkpoint();
    } catch (error) {
      await this.attempts.rollBack(place);
      throw error;
    }
    try {
      faultPoint('T4');
      await this.unitOfWork.run(async (tx) => {
        await lock.keepInPlace(tx, state);
        if (!(await this.intents.takeOver(tx, place.id, upload.id))) {
          throw new UploadLeaseLostError();
        }
      });
    } catch (error) {
      // Not rolled back: nobody may know what became of the transaction. Of one that failed the copy is the
      // collector's, when its lease has run out.
      await staged.suspend().catch(() => undefined);
      throw error;
    } finally {
      this.attempts.end(place);
    }
    lock.leftRival();
    faultPoint('T5');
    // The intent stays for what may yet come there; this is only to have the room at once.
    if (upload.storageKey) await this.backend.deleteFile(upload.storageKey).catch(() => undefined);
    return { staged, hasher, state };
  }

  private async copy({ upload, lock }: HeldUpload, place: Attempt): Promise<ContentHasher> {
    const { storageKey, offset: size, state } = upload;
    const hasher = new ContentHasher();
    const writer = new ChunkWriter(place.staged);
    if (storageKey === null) throw new UploadGoneError();
    if (size === 0) return hasher;
    try {
      for await (const chunk of await this.backend.readStaged(storageKey, { size, state })) {
        const bytes = chunk as Buffer;
        lock.heard();
        lock.assertHeld();
        hasher.update(bytes);
        await writer.take(bytes);
        place.space.received(bytes.length);
      }
      await writer.end();
    } catch (error) {
      throw error instanceof ObjectNotFoundError ? new UploadGoneError() : error;
    } finally {
      await writer.idle();
    }
    if (hasher.size !== size) throw new UploadGoneError();
    return hasher;
  }
}
