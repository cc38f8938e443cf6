import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { Request } from 'express';
import type { StagedArtifact } from '../../../core/contracts/artifact-producer.contract.js';
import type { IdempotencyClaim } from '../../../core/idempotency/idempotency.service.js';

/** What an upload request has brought: durable bytes that are no files yet. */
export interface ReceivedUpload {
  /** In the order of the parts; at least one. */
  staged: StagedArtifact[];
  claim: IdempotencyClaim;
}

/** The upload that `UploadInterceptor` has received for this handler. */
export const Upload = createParamDecorator(
  (_: unknown, context: ExecutionContext): ReceivedUpload => {
    const { upload } = context.switchToHttp().getRequest<Request>();
    if (!upload) throw new Error('@Upload needs @UseInterceptors(UploadInterceptor) on its route.');
    return upload;
  },
);

declare module 'express-serve-static-core' {
  interface Request {
    /** Set by `UploadInterceptor`. */
    upload?: ReceivedUpload;
  }
}
