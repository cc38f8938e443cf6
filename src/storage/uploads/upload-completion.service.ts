import { Inject, Injectable } from '@nestjs/common';
import { AUDIT_LOG, type IAuditLog } from '../../core/contracts/audit-log.contract.js';
import type { FileId, PrincipalId } from '../../core/contracts/ids.js';
import type { Principal } from '../../core/contracts/principal.contract.js';
import { UnitOfWork, type Transaction } from '../../core/database/index.js';
import { DigestMismatchError } from '../../core/errors/index.js';
import { faultPoint } from '../../core/faults/fault-points.js';
import { FilesService } from '../files/files.service.js';
import { Attempts } from '../ingest/attempts.js';
import { Settlement } from '../ingest/settlement.service.js';
import { parseMetadata } from './tus-headers.js';
import type { HeldUpload } from './upload-locks.service.js';
import type { UploadSession } from './upload-session.js';
import { UploadGoneError } from './uploads.errors.js';
import { UploadsRepository } from './uploads.repository.js';

/**
 * Makes a file of an upload whose bytes are all there: the end of the ingest protocol
 * (docs/decisions/0004), in the transaction that also says so of the upload. When it fails the upload is
 * what it was at its last checkpoint, and the bytes after that are sent again.
 */
@Injectable()
export class UploadCompletion {
  constructor(
    @Inject(AUDIT_LOG) private readonly log: IAuditLog,
    private readonly attempts: Attempts,
    private readonly settlement: Settlement,
    private readonly files: FilesService,
    private readonly uploads: UploadsRepository,
    private readonly unitOfWork: UnitOfWork,
  ) {}

  /**
   * @throws DigestMismatchError: the upload is over; UploadLockedError, QuotaExceededError, UploadGoneError
   *   when a part is gone, and what publishing a file throws
   */
  async finish(
    caller: Principal,
    { upload, lock }: HeldUpload,
    session: UploadSession,
  ): Promise<FileId> {
    const { use, expectedSha256 } = await parseMetadata(upload.metadata);
    const content = await session.seal();
    const { contentHash, size } = content;
    if (expectedSha256 !== undefined && expectedSha256 !== contentHash) {
      await this.unitOfWork.run(async (tx) => {
        await lock.keep(tx);
        await this.uploads.end(tx, [upload.id]);
        await this.log.record(tx, caller, {
          action: 'upload.delete',
          targets: [`upload:${upload.id}`],
          before: { id: upload.id, offset: size, fileId: null },
          after: null,
          details: { bytes: size, reason: 'digest-mismatch' },
        });
      });
      throw new DigestMismatchError(expectedSha256, contentHash);
    }
    const attempt = this.attempts.adopt(upload.id, session.staged, content);
    try {
      await this.settlement.examine(attempt);
      faultPoint('T3');
      return await this.unitOfWork.run(async (tx) => {
        await lock.keep(tx);
        if (upload.parts) await this.useUp(tx, caller.id, upload.parts);
        const staged = { ...use, attemptId: upload.id, contentHash, size };
        const [file] = await this.files.createIn(tx, caller, [staged], { uploadId: upload.id });
        const { id } = file as { id: FileId };
        await this.uploads.complete(tx, upload.id, { id, size });
        return id;
      });
    } finally {
      this.attempts.end(attempt);
    }
  }

  /** A part is of one file only, and its bytes go. */
  private async useUp(
    tx: Transaction,
    ownerId: PrincipalId,
    parts: readonly string[],
  ): Promise<void> {
    const found = await this.uploads.lockAll(tx, ownerId, parts);
    if (!parts.every((id) => found.get(id)?.isOpen)) throw new UploadGoneError();
    await this.uploads.end(tx, [...found.keys()]);
  }
}
