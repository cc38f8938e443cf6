import { Inject, Injectable } from '@nestjs/common';
import type { Request, Response } from 'express';
import {
  ARTIFACT_PRODUCER,
  type IArtifactProducer,
} from '../../../core/contracts/artifact-producer.contract.js';
import { ENV, type Env } from '../../../core/config/config.js';
import type { Principal } from '../../../core/contracts/principal.contract.js';
import { inviteBody } from '../../../core/http/expect-continue.js';
import { callerAfterBody } from '../../../core/http/permissions.js';
import { BATCH_FIELD_BYTES, FormReceiver } from './form-receiver.js';
import { FORM_OVERHEAD_BYTES, receiveBody, refuseEarly } from './receive-body.js';
import type { StagedPart } from './staging-engine.js';
import { UploadGate } from './upload-gate.js';

/** What a form has brought: durable bytes that are no files yet, and its fields. */
export interface ReceivedForm {
  /** In the order of the form. */
  parts: StagedPart[];
  fields: Readonly<Record<string, unknown>>;
}

/** Forms of other slices that bring files of their own. */
@Injectable()
export class FormUploads {
  constructor(
    @Inject(ENV) private readonly env: Env,
    @Inject(ARTIFACT_PRODUCER) private readonly producer: IArtifactProducer,
    private readonly gate: UploadGate,
    private readonly forms: FormReceiver,
  ) {}

  /**
   * Receives the form of a request and has it used, for whom it acts by then. Parts of files are named `files` or `file`; the
   * file name of each comes as it was sent, and may be a path. What `use` does not publish is given
   * up.
   * @throws MalformedMultipartError, ValidationFailedError, UploadTooLargeError,
   *   UploadSlotsBusyError, TooManyUploadsError, QuotaExceededError, RequestAbortedError, RequestTimeoutError, and what `use` throws
   */
  async receive<T>(
    caller: Principal,
    request: Request,
    response: Response,
    use: (form: ReceivedForm, caller: Principal) => Promise<T>,
  ): Promise<T> {
    const { UPLOAD_MAX_BYTES, UPLOAD_MAX_FILES, UPLOAD_STALL_SECONDS } = this.env;
    const limit = UPLOAD_MAX_BYTES * UPLOAD_MAX_FILES + BATCH_FIELD_BYTES + FORM_OVERHEAD_BYTES;
    refuseEarly(request, limit, UPLOAD_MAX_BYTES);
    const releaseSlot = await this.gate.enter(request, caller);
    try {
      inviteBody(request, response);
      const rules = {
        maxFiles: UPLOAD_MAX_FILES,
        partNames: ['files', 'file'] as const,
        // Whoever uses the form knows what the names are for.
        faultOfName: () => null,
      };
      const form = await receiveBody(request, UPLOAD_STALL_SECONDS, (signal) =>
        this.forms.receiveParts(
          request,
          { rules, fieldSize: BATCH_FIELD_BYTES, signal },
          async (parts, fields): Promise<ReceivedForm> => ({ parts, fields: { ...fields } }),
        ),
      );
      try {
        return await use(form, await callerAfterBody(request));
      } finally {
        await this.producer.discard(form.parts.map(({ staged }) => staged));
      }
    } finally {
      releaseSlot();
    }
  }
}
