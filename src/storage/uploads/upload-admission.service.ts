import { Inject, Injectable } from '@nestjs/common';
import { ENV, type Env } from '../../core/config/config.js';
import type { Principal } from '../../core/contracts/principal.contract.js';
import { QUOTAS, type IQuotas } from '../../core/contracts/quotas.contract.js';
import { UploadTooLargeError } from '../../core/errors/index.js';
import { StorageSpace } from '../ingest/storage-space.service.js';
import { UploadsRepository } from './uploads.repository.js';

/** Whether there is room for an upload, as far as that can be told before its bytes come. */
@Injectable()
export class UploadAdmission {
  constructor(
    @Inject(ENV) private readonly env: Pick<Env, 'UPLOAD_MAX_BYTES'>,
    @Inject(QUOTAS) private readonly quotas: IQuotas,
    private readonly space: StorageSpace,
    private readonly uploads: UploadsRepository,
  ) {}

  get maxBytes(): number {
    return this.env.UPLOAD_MAX_BYTES;
  }

  /** @throws UploadTooLargeError */
  refuseTooLarge(length: number): void {
    if (length > this.maxBytes) throw new UploadTooLargeError(this.maxBytes);
  }

  /**
   * Besides what other open uploads may still bring.
   * @throws UploadTooLargeError, QuotaExceededError, StorageFullError
   */
  async refuseEarly(caller: Principal, length: number): Promise<void> {
    this.refuseTooLarge(length);
    await this.refuseOverQuota(caller, length);
    await this.ensureSpace(length);
  }

  /**
   * Whether the quotas have room for so many bytes more beside all that the caller's open uploads have, or
   * say that they will have: what has not become a file is no use of a quota yet, and fills the disk all
   * the same.
   * @throws QuotaExceededError
   */
  async refuseOverQuota(caller: Principal, more: number): Promise<void> {
    const bytes = (await this.uploads.openBytes(caller.id)) + more;
    if (bytes > 0) await this.quotas.refuseEarly(caller, { atLeast: bytes, atMost: bytes });
  }

  /** @throws StorageFullError when open uploads, and so many bytes more, have no room on the disk */
  async ensureSpace(bytes: number): Promise<void> {
    const room = await this.space.reserve(bytes + (await this.uploads.expectedBytes()));
    room.release();
  }
}
