import { Inject, Injectable } from '@nestjs/common';
import type { Request } from 'express';
import type { Principal } from '../../../core/contracts/principal.contract.js';
import { QUOTAS, type IQuotas } from '../../../core/contracts/quotas.contract.js';
import { FORM_OVERHEAD_BYTES } from './receive-body.js';
import { UploadSlots } from './upload-slots.js';

/** Lets an upload in before a byte of it is received, if there is room. */
@Injectable()
export class UploadGate {
  constructor(
    @Inject(QUOTAS) private readonly quotas: IQuotas,
    private readonly slots: UploadSlots,
  ) {}

  /**
   * Returns what lets the next one in; calling that twice is harmless.
   * @throws QuotaExceededError, UploadSlotsBusyError, TooManyUploadsError
   */
  async enter(request: Request, caller: Principal): Promise<() => void> {
    const release = this.slots.take(caller.id);
    try {
      await this.refuseEarly(request, caller);
      return release;
    } catch (error) {
      release();
      throw error;
    }
  }

  /**
   * By what Content-Length says. Small bodies are received sooner than a quota is looked up; and what
   * comes with an Idempotency-Key may be the repeat of a request that has filled the quota itself, which
   * shows by its content alone.
   */
  private async refuseEarly(request: Request, caller: Principal): Promise<void> {
    const length = Number(request.headers['content-length'] ?? 0);
    if (length <= FORM_OVERHEAD_BYTES || request.headers['idempotency-key'] !== undefined) return;
    const isForm = Boolean(request.is('multipart/form-data'));
    const atLeast = isForm ? length - FORM_OVERHEAD_BYTES : length;
    await this.quotas.refuseEarly(caller, { atLeast, atMost: length });
  }
}
