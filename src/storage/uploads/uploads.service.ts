import { Inject, Injectable } from '@nestjs/common';
import { AUDIT_LOG, type IAuditLog } from '../../core/contracts/audit-log.contract.js';
import type { PrincipalId } from '../../core/contracts/ids.js';
import type { Principal } from '../../core/contracts/principal.contract.js';
import { UnitOfWork } from '../../core/database/index.js';
import { decodeCursor, encodeCursor, pageOf, type Page } from '../../core/http/cursor.js';
import { isUploadId } from './tus-headers.js';
import { UploadSessions } from './upload-sessions.service.js';
import { UploadGoneError, UploadNotFoundError } from './uploads.errors.js';
import { UploadsRepository, type UploadView } from './uploads.repository.js';

const LIST = 'uploads';

/** Uploads of their owners: what others ask for is unknown, except to admins, who can end it. */
@Injectable()
export class UploadsService {
  constructor(
    @Inject(AUDIT_LOG) private readonly log: IAuditLog,
    private readonly sessions: UploadSessions,
    private readonly uploads: UploadsRepository,
    private readonly unitOfWork: UnitOfWork,
  ) {}

  /** @throws UploadNotFoundError, UploadGoneError when it is over and was no file */
  async get(caller: Principal, id: string): Promise<UploadView> {
    const upload = await this.uploads.find(seenBy(caller), id);
    if (!upload) throw new UploadNotFoundError();
    if (!upload.isOpen && upload.fileId === null) throw new UploadGoneError();
    return upload;
  }

  /** Those that are not over. @throws CursorMismatchError */
  async list(
    caller: Principal,
    { cursor, limit }: { cursor?: string; limit: number },
  ): Promise<Page<UploadView>> {
    const after = decodeCursor(cursor, LIST, {}, isUploadId);
    const found = await this.uploads.listOpen(seenBy(caller), after, limit + 1);
    return pageOf(found, limit, ({ id }) => encodeCursor(id, LIST, {}));
  }

  /**
   * Ends an upload; a file that it has become stays. Its bytes go with the collector's next turn. Whoever
   * writes to it is not waited for: with the intent the lock is gone, which the writer finds at the latest
   * when it renews it.
   * @throws UploadNotFoundError, UploadGoneError
   */
  async end(caller: Principal, id: string): Promise<void> {
    await this.get(caller, id);
    await this.unitOfWork.run(async (tx) => {
      const upload = (await this.uploads.lockAll(tx, seenBy(caller), [id])).get(id);
      if (!upload) throw new UploadNotFoundError();
      if (!upload.isOpen && upload.fileId === null) throw new UploadGoneError();
      await this.uploads.end(tx, [id]);
      await this.log.record(tx, caller, {
        action: 'upload.delete',
        targets: [`upload:${id}`],
        before: { id, offset: upload.offset, fileId: upload.fileId },
        after: null,
        details: { bytes: upload.offset },
      });
    });
    this.sessions.forget(id);
  }
}

/** Whose uploads are shown to the caller; `null`: everybody's. */
const seenBy = ({ id, isAdmin }: Principal): PrincipalId | null => (isAdmin ? null : id);
