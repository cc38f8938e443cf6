import { randomUUID } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { AUDIT_LOG, type IAuditLog } from '../../core/contracts/audit-log.contract.js';
import type { Principal } from '../../core/contracts/principal.contract.js';
import { UnitOfWork, type Transaction } from '../../core/database/index.js';
import { ValidationFailedError } from '../../core/errors/index.js';
import { IdempotencyService } from '../../core/idempotency/idempotency.service.js';
import { Attempts } from '../ingest/attempts.js';
import { parseConcat, parseMetadata, type AskedUpload, type Concatenation } from './tus-headers.js';
import { UploadAdmission } from './upload-admission.service.js';
import {
  UploadGoneError,
  UploadNotFoundError,
  UploadPartsUnfinishedError,
} from './uploads.errors.js';
import { UploadsRepository, type UploadView } from './uploads.repository.js';

const ROUTE = 'POST /v1/uploads';

@Injectable()
export class UploadCreation {
  constructor(
    @Inject(AUDIT_LOG) private readonly log: IAuditLog,
    private readonly attempts: Attempts,
    private readonly admission: UploadAdmission,
    private readonly idempotency: IdempotencyService,
    private readonly uploads: UploadsRepository,
    private readonly unitOfWork: UnitOfWork,
  ) {}

  /**
   * Begins an upload; of parts that were put together before it is that upload again. The id.
   * @throws ValidationFailedError, UploadTooLargeError, QuotaExceededError, StorageFullError; of a part
   *   UploadNotFoundError, UploadGoneError, UploadPartsUnfinishedError
   */
  async create(caller: Principal, asked: AskedUpload, key: string | undefined): Promise<string> {
    const concatenation = parseConcat(asked.concat ?? undefined);
    await parseMetadata(asked.metadata);
    refuseOddLength(asked, concatenation.kind);
    const scope = { principalId: caller.id, route: ROUTE, key };
    const { id } = await this.idempotency.once<{ id: string }>(scope, asked, async (record) => {
      if (asked.length !== null) await this.admission.refuseEarly(caller, asked.length);
      // Without one: whether there is room for anything.
      else if (concatenation.kind !== 'final') await this.admission.refuseEarly(caller, 0);
      return await this.unitOfWork.run(async (tx) => {
        const answer = { id: await this.createIn(tx, caller, asked, concatenation) };
        await record(tx, answer);
        return answer;
      });
    });
    return id;
  }

  private async createIn(
    tx: Transaction,
    caller: Principal,
    { length, metadata, concat }: AskedUpload,
    { kind, parts }: Concatenation,
  ): Promise<string> {
    let bytes = length;
    if (parts) {
      const found = await this.uploads.lockAll(tx, caller.id, parts);
      const earlier = await this.uploads.findFinal(tx, caller.id, parts);
      if (earlier) return earlier.id;
      bytes = parts.reduce((sum, id) => sum + lengthOfPart(id, found.get(id)), 0);
      this.admission.refuseTooLarge(bytes);
    }
    const id = randomUUID();
    const place = this.attempts.placeOf(id);
    const upload = { id, ownerId: caller.id, kind, length: bytes, metadata, concat, parts };
    await this.uploads.insert(tx, { ...upload, ...place });
    await this.log.record(tx, caller, {
      action: 'upload.create',
      targets: [`upload:${id}`],
      before: null,
      after: { id, kind, length: bytes },
      details: { kind, ...(bytes !== null && { bytes }) },
    });
    return id;
  }
}

function refuseOddLength({ length, isDeferred }: AskedUpload, kind: string): void {
  const given = Number(length !== null) + Number(isDeferred);
  if (kind === 'final' && given > 0) {
    throw ValidationFailedError.of('Upload-Length', 'is that of the parts for a final upload');
  }
  if (kind !== 'final' && given !== 1) {
    throw ValidationFailedError.of('Upload-Length', 'or Upload-Defer-Length: 1 is needed');
  }
}

function lengthOfPart(id: string, part: UploadView | undefined): number {
  if (!part) throw new UploadNotFoundError();
  if (part.kind !== 'partial') {
    throw ValidationFailedError.of('Upload-Concat', `names ${id}, which is not a partial upload`);
  }
  if (!part.isOpen) throw new UploadGoneError();
  if (part.length === null || part.offset < part.length) throw new UploadPartsUnfinishedError(id);
  return part.length;
}
