import { Readable } from 'node:stream';
import { Inject, Injectable } from '@nestjs/common';
import {
  STORAGE_BACKEND,
  type IStorageBackend,
} from '../../core/contracts/storage-backend.contract.js';
import type { Principal } from '../../core/contracts/principal.contract.js';
import { UnitOfWork } from '../../core/database/index.js';
import { ObjectNotFoundError } from '../../core/errors/index.js';
import { UploadAdmission } from './upload-admission.service.js';
import { UploadAppender } from './upload-appender.service.js';
import { UploadGoneError } from './uploads.errors.js';
import { UploadsRepository, type UploadView } from './uploads.repository.js';

/** Puts finished parts together: each byte is read and written once more, and hashed in their order. */
@Injectable()
export class UploadConcatenation {
  constructor(
    @Inject(STORAGE_BACKEND) private readonly backend: IStorageBackend,
    private readonly admission: UploadAdmission,
    private readonly appender: UploadAppender,
    private readonly uploads: UploadsRepository,
    private readonly unitOfWork: UnitOfWork,
  ) {}

  /**
   * Goes on where an earlier request for the same parts has stopped.
   * @throws UploadGoneError, StorageFullError, and what `UploadAppender.append` throws
   */
  async finish(
    caller: Principal,
    final: UploadView,
    authorize: () => Promise<Principal>,
  ): Promise<UploadView> {
    if (final.fileId !== null) return final;
    // What it still needs is counted among what open uploads may bring.
    await this.admission.ensureSpace(0);
    const ids = final.parts ?? [];
    // At each request, also one whose answer is known by its key: they are read for as long as this one runs.
    await this.unitOfWork.run(async (tx) => {
      await this.uploads.lockAll(tx, caller.id, ids);
      await this.uploads.keep(tx, ids);
    });
    return await this.appender.append(caller, final.id, {
      offset: null,
      checksum: null,
      authorize,
      receive: async (from, use) => {
        const found = await this.uploads.findAll(caller.id, ids);
        const parts = ids.map((id) => found.get(id));
        // Chunks are large: two are read ahead.
        const content = Readable.from(this.read(parts, from), { highWaterMark: 2 });
        return await use(content, new AbortController().signal);
      },
    });
  }

  private async *read(
    parts: readonly (UploadView | undefined)[],
    from: number,
  ): AsyncGenerator<Buffer> {
    let skip = from;
    for (const part of parts) {
      if (!part?.isOpen) throw new UploadGoneError();
      if (skip < part.offset) yield* this.readPart(part, skip);
      skip = Math.max(0, skip - part.offset);
    }
  }

  private async *readPart(
    { storageKey, offset, state }: UploadView,
    start: number,
  ): AsyncGenerator<Buffer> {
    if (storageKey === null) throw new UploadGoneError();
    try {
      const point = { size: offset, state };
      yield* await this.backend.readStaged(storageKey, point, { start, end: offset - 1 });
    } catch (error) {
      throw error instanceof ObjectNotFoundError ? new UploadGoneError() : error;
    }
  }
}
