import { Inject, Injectable, Logger } from '@nestjs/common';
import {
  STORAGE_BACKEND,
  type IStorageBackend,
} from '../../core/contracts/storage-backend.contract.js';
import { ENV, type Env } from '../../core/config/config.js';
import { UnitOfWork } from '../../core/database/index.js';
import { ObjectNotFoundError, UploadLeaseLostError } from '../../core/errors/index.js';
import { faultPoint } from '../../core/faults/fault-points.js';
import { Attempts, type Attempt } from './attempts.js';
import { IntentsRepository } from './intents.repository.js';
import { StoredFilesRepository, type StoredObject } from './stored-files.repository.js';

const MAX_TRIES = 3;

/** What becomes of the bytes of an upload whose content was stored already. */
@Injectable()
export class Settlement {
  private readonly logger = new Logger(Settlement.name);

  constructor(
    @Inject(STORAGE_BACKEND) private readonly backend: IStorageBackend,
    @Inject(ENV) private readonly env: Env,
    private readonly intents: IntentsRepository,
    private readonly files: StoredFilesRepository,
    private readonly attempts: Attempts,
    private readonly unitOfWork: UnitOfWork,
  ) {}

  /**
   * Called after the reference is committed. Drops the attempt's bytes when the row's own object
   * is there with the right size, else heals the row with them.
   * @throws UploadLeaseLostError when neither can be done; the reference is taken back
   */
  async settle(attempt: Attempt, referenced: StoredObject): Promise<void> {
    for (let tries = 0; tries < MAX_TRIES; tries += 1) {
      const file = await this.files.findById(referenced.id);
      const isSafe = !file || (file.health === 'ok' && (await this.isWhole(file)));
      if (isSafe) return await this.drop(attempt);
      if (await this.heal(attempt, file)) return this.attempts.end(attempt);
    }
    await this.unitOfWork.run((tx) => this.files.removeReferenceOfAttempt(tx, attempt.id));
    await this.attempts.rollBack(attempt);
    throw new UploadLeaseLostError();
  }

  /** Whether the object of this row exists with the size that the row says. */
  async isWhole(file: StoredObject): Promise<boolean> {
    try {
      return (await this.backend.getFileInfo(file.storageKey)).size === file.size;
    } catch (error) {
      if (error instanceof ObjectNotFoundError) return false;
      throw error;
    }
  }

  private async drop(attempt: Attempt): Promise<void> {
    this.attempts.end(attempt);
    try {
      await attempt.staged.abort();
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

  private async heal(attempt: Attempt, file: StoredObject): Promise<boolean> {
    await this.attempts.makeVisible(attempt);
    faultPoint('C10');
    const healed = await this.unitOfWork.run(async (tx) => {
      const mine = await this.intents.lockWrite(tx, attempt.id, this.env.UPLOAD_LEASE_SECONDS);
      const to = { backend: this.backend.name, storageKey: attempt.path };
      if (!mine || !(await this.files.replaceObject(tx, file.id, file.storageKey, to)))
        return false;
      await this.intents.remove(tx, attempt.id);
      await this.intents.openDelete(tx, this.backend.name, file.storageKey);
      return true;
    });
    if (healed) this.logger.warn({ fileId: file.id }, 'A file whose bytes were lost was healed.');
    return healed;
  }
}
