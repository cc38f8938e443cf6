import { Inject, Injectable, Logger } from '@nestjs/common';
import {
  STORAGE_BACKEND,
  type IStorageBackend,
} from '../../core/contracts/storage-backend.contract.js';
import type { Transaction } from '../../core/database/index.js';
import { ObjectNotFoundError } from '../../core/errors/index.js';
import { faultPoint } from '../../core/faults/fault-points.js';
import { isTrusted } from '../entities/stored-file.entity.js';
import { Attempts, type Attempt } from './attempts.js';
import { IntentsRepository } from './intents.repository.js';
import { StoredFilesRepository, type StoredObject } from './stored-files.repository.js';

/**
 * What becomes of the bytes of an upload whose content may be stored already. It is settled before
 * the commit, by what was seen outside of the transaction, so that nothing that can fail is left
 * to do when the answer is recorded.
 */
@Injectable()
export class Settlement {
  private readonly logger = new Logger(Settlement.name);

  constructor(
    @Inject(STORAGE_BACKEND) private readonly backend: IStorageBackend,
    private readonly intents: IntentsRepository,
    private readonly files: StoredFilesRepository,
    private readonly attempts: Attempts,
  ) {}

  /**
   * Looks at what is stored of this content. Unless it is whole, the attempt's own bytes are made
   * visible: they will be the content's only ones, or take the place of those that are not whole.
   */
  async examine(attempt: Attempt): Promise<void> {
    const file = await this.files.findByHash(attempt.content.contentHash);
    const isWhole = file !== null && (await this.isWhole(file));
    if (!isWhole) await this.attempts.makeVisible(attempt);
    attempt.seen = file && { storageKey: file.storageKey, isWhole };
  }

  /** Gives a row the attempt's bytes in place of those that are lost or damaged. */
  async heal(tx: Transaction, attempt: Attempt, file: StoredObject): Promise<void> {
    faultPoint('C10');
    const to = { backend: attempt.backend, storageKey: attempt.path };
    await this.files.replaceObject(tx, file.id, to);
    await this.intents.openDelete(tx, file.backend, file.storageKey);
    tx.afterCommit(() => {
      this.logger.warn({ fileId: file.id }, 'A file whose bytes were lost was healed.');
    });
  }

  /**
   * Drops the bytes of an attempt whose reference is committed on another's object. Never throws:
   * what can't be dropped now, the reaper drops when the lease has run out.
   */
  async drop(attempt: Attempt): Promise<void> {
    this.attempts.end(attempt);
    try {
      if (!attempt.visible) await attempt.staged.abort();
      await this.backend.deleteFile(attempt.path);
      faultPoint('C9');
      await this.intents.forget(attempt.id);
    } catch (error) {
      this.logger.warn(
        { err: error, attempt: attempt.id },
        'Dropped bytes are left to the collector.',
      );
    }
  }

  /** Whether the object of this row can be read from here with the size that the row says. */
  private async isWhole(file: StoredObject): Promise<boolean> {
    if (!isTrusted(file.health) || file.backend !== this.backend.name) return false;
    try {
      return (await this.backend.getFileInfo(file.storageKey)).size === file.size;
    } catch (error) {
      if (error instanceof ObjectNotFoundError) return false;
      throw error;
    }
  }
}
