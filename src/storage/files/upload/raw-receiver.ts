import { PassThrough, type Readable } from 'node:stream';
import { Inject, Injectable } from '@nestjs/common';
import type { Request } from 'express';
import {
  ARTIFACT_PRODUCER,
  type IArtifactProducer,
  type StagedArtifact,
} from '../../../core/contracts/artifact-producer.contract.js';
import { sha256OfReprDigest } from '../../../core/http/content/digest-header.js';
import { describe, parseDescription } from './describe.js';

/** A request whose body is the file. The description comes as query parameters. */
@Injectable()
export class RawReceiver {
  constructor(@Inject(ARTIFACT_PRODUCER) private readonly producer: IArtifactProducer) {}

  async receive(request: Request, signal: AbortSignal): Promise<StagedArtifact[]> {
    const description = await parseDescription(request.query);
    const contentLength = request.header('content-length');
    const staged = await this.producer.stage(bodyOf(request), {
      ...describe(description, { mimeType: request.header('content-type') }),
      expectedSha256: sha256OfReprDigest(request.header('repr-digest')),
      expectedSize: contentLength === undefined ? undefined : Number(contentLength),
      signal,
    });
    return [staged];
  }
}

/**
 * The body apart from the request: an upload that is refused ends its stream, and a request that
 * is ended takes its connection with it, and the answer with that.
 */
const bodyOf = (request: Request): Readable => request.pipe(new PassThrough());
