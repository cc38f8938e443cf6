import { PassThrough, Readable } from 'node:stream';
import { Inject, Injectable } from '@nestjs/common';
import type { Request, Response } from 'express';
import { ENV, type Env } from '../../core/config/config.js';
import type { Principal } from '../../core/contracts/principal.contract.js';
import { UnsupportedMediaTypeError, ValidationFailedError } from '../../core/errors/index.js';
import { inviteBody } from '../../core/http/expect-continue.js';
import { callerAfterBody } from '../../core/http/permissions.js';
import { receiveBody, refuseEarly } from '../files/upload/receive-body.js';
import { UploadSlots } from '../files/upload/upload-slots.js';
import { parseBytes, parseChecksum, parseCreation } from './tus-headers.js';
import { OFFSET_STREAM } from './tus-protocol.js';
import { UploadAppender, type Addition } from './upload-appender.service.js';
import { UploadConcatenation } from './upload-concatenation.service.js';
import { UploadCreation } from './upload-creation.service.js';
import { UploadFinalError } from './uploads.errors.js';
import type { UploadView } from './uploads.repository.js';
import { UploadsService } from './uploads.service.js';

/** Requests of tus that bring bytes, or could. */
@Injectable()
export class UploadReceiver {
  constructor(
    @Inject(ENV) private readonly env: Pick<Env, 'UPLOAD_MAX_BYTES' | 'UPLOAD_STALL_SECONDS'>,
    private readonly slots: UploadSlots,
    private readonly creation: UploadCreation,
    private readonly appender: UploadAppender,
    private readonly concatenation: UploadConcatenation,
    private readonly uploads: UploadsService,
  ) {}

  /** Begins an upload, with the bytes that came along; one that needs no more is a file at once. */
  async create(caller: Principal, request: Request, response: Response): Promise<UploadView> {
    const asked = parseCreation((name) => request.header(name));
    const bytes = this.announcedBytes(request);
    const hasBody = bytes !== 0;
    if (hasBody) refuseOtherType(request);
    const checksum = parseChecksum(request.header('upload-checksum'));
    if (hasBody && asked.concat?.startsWith('final')) throw new UploadFinalError();
    const id = await this.creation.create(caller, asked, request.header('idempotency-key'));
    // Also with a failure from here on: the upload is there, and can go on.
    response.location(`/v1/uploads/${id}`);
    const upload = await this.uploads.get(caller, id);
    if (upload.kind === 'final') {
      return await this.inSlot(caller, () =>
        this.concatenation.finish(caller, upload, () => callerAfterBody(request)),
      );
    }
    // What has bytes is that of an earlier request with the same key.
    if (upload.offset > 0 || upload.fileId !== null || !(hasBody || upload.length === 0)) {
      return upload;
    }
    const addition = { offset: 0, announced: bytes, checksum };
    return await this.receive(caller, id, { request, response }, addition);
  }

  async append(
    caller: Principal,
    id: string,
    request: Request,
    response: Response,
  ): Promise<UploadView> {
    refuseOtherType(request);
    const offset = parseBytes('Upload-Offset', request.header('upload-offset'));
    if (offset === undefined) throw ValidationFailedError.of('Upload-Offset', 'is needed');
    const length = parseBytes('Upload-Length', request.header('upload-length'));
    const checksum = parseChecksum(request.header('upload-checksum'));
    const announced = this.announcedBytes(request);
    const { kind } = await this.uploads.get(caller, id);
    if (kind === 'final') throw new UploadFinalError();
    const addition = { offset, length, announced, checksum };
    return await this.receive(caller, id, { request, response }, addition);
  }

  private async receive(
    caller: Principal,
    id: string,
    { request, response }: { request: Request; response: Response },
    addition: Omit<Addition, 'receive' | 'authorize'>,
  ): Promise<UploadView> {
    return await this.inSlot(caller, () =>
      this.appender.append(caller, id, {
        ...addition,
        authorize: () => callerAfterBody(request),
        receive: async (_, use) => {
          if (addition.announced === 0) {
            return await use(Readable.from([]), new AbortController().signal);
          }
          inviteBody(request, response);
          return await receiveBody(request, this.env.UPLOAD_STALL_SECONDS, (signal) =>
            // Apart from the request: one that is ended takes its connection with it, and the answer.
            use(request.pipe(new PassThrough()), signal),
          );
        },
      }),
    );
  }

  private async inSlot<T>(caller: Principal, work: () => Promise<T>): Promise<T> {
    const release = this.slots.take(caller.id);
    try {
      return await work();
    } finally {
      release();
    }
  }

  /** `undefined`: they come in chunks. */
  private announcedBytes(request: Request): number | undefined {
    const { UPLOAD_MAX_BYTES } = this.env;
    refuseEarly(request, UPLOAD_MAX_BYTES, UPLOAD_MAX_BYTES);
    if (request.headers['transfer-encoding'] !== undefined) return undefined;
    return Number(request.headers['content-length'] ?? 0);
  }
}

function refuseOtherType(request: Request): void {
  const [type = ''] = (request.headers['content-type'] ?? '').split(';', 1);
  if (type.trim().toLowerCase() === OFFSET_STREAM) return;
  throw new UnsupportedMediaTypeError(`Send the bytes as ${OFFSET_STREAM}.`);
}
