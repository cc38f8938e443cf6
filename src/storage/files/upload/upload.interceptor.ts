import {
  Inject,
  Injectable,
  SetMetadata,
  type CallHandler,
  type ExecutionContext,
  type NestInterceptor,
} from '@nestjs/common';
import type { Request, Response } from 'express';
import { catchError, finalize, type Observable } from 'rxjs';
import {
  ARTIFACT_PRODUCER,
  type IArtifactProducer,
  type StagedArtifact,
} from '../../../core/contracts/artifact-producer.contract.js';
import { ENV, type Env } from '../../../core/config/config.js';
import type { Principal } from '../../../core/contracts/principal.contract.js';
import { UnauthenticatedError } from '../../../core/errors/index.js';
import { callerAfterBody } from '../../../core/http/permissions.js';
import { inviteBody } from '../../../core/http/expect-continue.js';
import { IdempotencyService } from '../../../core/idempotency/idempotency.service.js';
import { FormReceiver } from './form-receiver.js';
import { RawReceiver } from './raw-receiver.js';
import { FORM_OVERHEAD_BYTES, receiveBody, refuseEarly } from './receive-body.js';
import { UploadGate } from './upload-gate.js';

const BATCH = Symbol('batch-upload');

/** This route takes a form of many files instead of one file. */
export const BatchUpload = (): MethodDecorator => SetMetadata(BATCH, true);

/**
 * Receives the files of a request before its handler runs and hands them over as `@Upload()`.
 * Whatever goes wrong, here or in the handler, every received byte is given up again.
 */
@Injectable()
export class UploadInterceptor implements NestInterceptor {
  constructor(
    @Inject(ENV) private readonly env: Env,
    @Inject(ARTIFACT_PRODUCER) private readonly producer: IArtifactProducer,
    private readonly idempotency: IdempotencyService,
    private readonly gate: UploadGate,
    private readonly forms: FormReceiver,
    private readonly raw: RawReceiver,
  ) {}

  async intercept(context: ExecutionContext, next: CallHandler): Promise<Observable<unknown>> {
    const request = context.switchToHttp().getRequest<Request>();
    const isBatch = Reflect.getMetadata(BATCH, context.getHandler()) === true;
    this.refuseEarly(request, isBatch);
    const caller = callerOf(request);
    // Before a slot is taken: whoever waits for another request with the same key is no load.
    const claim = await this.idempotency.claim(
      caller.id,
      `${request.method} ${(request.route as { path: string }).path}`,
      request.header('idempotency-key'),
    );
    try {
      const releaseSlot = await this.gate.enter(request, caller);
      try {
        inviteBody(request, context.switchToHttp().getResponse<Response>());
        const staged = await this.receive(request, isBatch);
        await callerAfterBody(request).catch(async (error: unknown) => {
          await this.producer.discard(staged);
          throw error;
        });
        request.upload = { staged, claim };
        return next.handle().pipe(
          catchError(async (error: unknown) => {
            await this.producer.discard(staged);
            throw error;
          }),
          finalize(() => {
            releaseSlot();
            void claim.release();
          }),
        );
      } catch (error) {
        releaseSlot();
        throw error;
      }
    } catch (error) {
      await claim.release();
      throw error;
    }
  }

  private refuseEarly(request: Request, isBatch: boolean): void {
    const { UPLOAD_MAX_BYTES, UPLOAD_MAX_FILES } = this.env;
    const limit = isBatch
      ? UPLOAD_MAX_BYTES * UPLOAD_MAX_FILES
      : UPLOAD_MAX_BYTES + (isForm(request) ? FORM_OVERHEAD_BYTES : 0);
    refuseEarly(request, limit, UPLOAD_MAX_BYTES);
  }

  private async receive(request: Request, isBatch: boolean): Promise<StagedArtifact[]> {
    return await receiveBody(request, this.env.UPLOAD_STALL_SECONDS, (signal) =>
      isForm(request) || isBatch
        ? this.forms.receive(request, isBatch, signal)
        : this.raw.receive(request, signal),
    );
  }
}

const isForm = (request: Request): boolean => Boolean(request.is('multipart/form-data'));

function callerOf(request: Request): Principal {
  if (!request.principal) throw new UnauthenticatedError();
  return request.principal;
}
