import { Inject, Injectable } from '@nestjs/common';
import { parse as parseContentType } from 'content-type';
import type { Request } from 'express';
import multer, { MulterError } from 'multer';
import {
  ARTIFACT_PRODUCER,
  type IArtifactProducer,
  type StagedArtifact,
} from '../../../core/contracts/artifact-producer.contract.js';
import { ENV, type Env } from '../../../core/config/config.js';
import {
  AppError,
  MalformedMultipartError,
  UploadTooLargeError,
  ValidationFailedError,
} from '../../../core/errors/index.js';
import { sha256OfReprDigest } from '../../../core/http/content/digest-header.js';
import { pointerTo } from '../../../core/validation/json-pointer.js';
import { batchDescriptions } from './batch-descriptions.js';
import { describe, parseDescription, type DescriptionHints } from './describe.js';
import { faultOfFileName } from '../file-names.js';
import { StagingEngine, type StagedPart, type StagingRules } from './staging-engine.js';

/** Every limit that multer and busboy have: some are off by default. */
const LIMITS = {
  fields: 100,
  fieldNameSize: 100,
  headerPairs: 20,
  // No field is a list or an object: `metadata[a]` is refused like any other unknown name.
  fieldNestingDepth: 0,
  fieldArrayIndexLimit: 1,
};
const FIELD_BYTES = 128 * 1024;
export const BATCH_FIELD_BYTES = 16 * 1024 * 1024;

export interface FormOptions {
  rules: StagingRules;
  /** Bytes that one field may have. */
  fieldSize: number;
  /** Ends the receiving. */
  signal: AbortSignal;
}

/**
 * A `multipart/form-data` request (RFC 7578): parts named `file`, and the description as fields
 * before or after them. Parts go to storage as they arrive; they become files only when the form
 * has ended well, since a form can be cut inside its last boundary after its last file has ended.
 */
@Injectable()
export class FormReceiver {
  constructor(
    @Inject(ENV) private readonly env: Env,
    @Inject(ARTIFACT_PRODUCER) private readonly producer: IArtifactProducer,
  ) {}

  async receive(
    request: Request,
    isBatch: boolean,
    signal: AbortSignal,
  ): Promise<StagedArtifact[]> {
    const digest = sha256OfReprDigest(request.header('repr-digest'));
    if (isBatch && digest !== undefined) {
      throw ValidationFailedError.of('Repr-Digest', 'is of one content, and a batch has many');
    }
    const rules: StagingRules = {
      maxFiles: isBatch ? this.env.UPLOAD_MAX_FILES : 1,
      partNames: ['file'],
      faultOfName: faultOfFileName,
      expectedSha256: digest,
    };
    const fieldSize = isBatch ? BATCH_FIELD_BYTES : FIELD_BYTES;
    return await this.receiveParts(request, { rules, fieldSize, signal }, async (parts, form) => {
      if (parts.length === 0) {
        throw ValidationFailedError.of('/file', 'a part named file with a file name is needed');
      }
      // As for a raw body, parameters of the query count too; fields of the form go before them.
      return await this.described(parts, { ...request.query, ...form }, isBatch);
    });
  }

  /**
   * Receives a form and hands its staged parts, in their order, and its fields to `use`; when that
   * or anything before it fails, the parts are given up.
   */
  async receiveParts<T>(
    request: Request,
    options: FormOptions,
    use: (parts: StagedPart[], fields: object) => Promise<T>,
  ): Promise<T> {
    if (!request.is('multipart/form-data') || !hasBoundary(request)) {
      throw new MalformedMultipartError(
        'Send the files as parts of a multipart/form-data body whose boundary is named.',
      );
    }
    // 0: sent in chunks, and nobody knows how many.
    const length = Number(request.headers['content-length'] ?? 0);
    const engine = new StagingEngine(this.producer, options.signal, options.rules, length);
    try {
      await this.parse(request, engine, options);
      return await use(await engine.settled(), request.body as object);
    } catch (error) {
      await engine.discard();
      throw engine.fault ?? error;
    }
  }

  private async parse(
    request: Request,
    engine: StagingEngine,
    { rules, fieldSize, signal }: FormOptions,
  ): Promise<void> {
    const parser = multer({
      storage: engine,
      // Names are data: they are checked and refused, not cut to what might have been meant.
      preservePath: true,
      defParamCharset: 'utf8',
      limits: {
        ...LIMITS,
        fieldSize,
        files: rules.maxFiles,
        parts: rules.maxFiles + LIMITS.fields,
        // `stage` counts exactly; this only keeps the parser from going on behind its back.
        fileSize: this.env.UPLOAD_MAX_BYTES + 1,
      },
    }).any();
    await new Promise<void>((resolve, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
      parser(request, request.res as never, (error?: unknown) =>
        error ? reject(this.toAppError(error, rules)) : resolve(),
      );
    });
  }

  private async described(
    parts: readonly StagedPart[],
    fields: object,
    isBatch: boolean,
  ): Promise<StagedArtifact[]> {
    const descriptions = isBatch
      ? await batchDescriptions(fields, parts)
      : [await parseDescription(fields)];
    return parts.map(({ staged, hints }, index) => ({
      ...staged,
      ...describe(descriptions[index] ?? {}, hints as DescriptionHints),
    }));
  }

  private toAppError(error: unknown, { partNames }: StagingRules): AppError {
    if (error instanceof AppError) return error;
    if (!(error instanceof MulterError)) {
      return new MalformedMultipartError(`The form is not valid: ${textOf(error)}.`, {
        cause: error,
      });
    }
    switch (error.code) {
      case 'LIMIT_FILE_SIZE':
        return new UploadTooLargeError(this.env.UPLOAD_MAX_BYTES);
      case 'LIMIT_FILE_COUNT':
        return ValidationFailedError.of(
          pointerTo(partNames[0]),
          'there are more files than this route takes',
        );
      case 'LIMIT_UNEXPECTED_FILE':
        return ValidationFailedError.of(
          pointerTo(error.field ?? ''),
          'is not a file part of this route',
        );
      default:
        return ValidationFailedError.of(pointerTo(error.field ?? ''), error.message.toLowerCase());
    }
  }
}

/** The parser takes an empty boundary for one and then finds no part. */
const hasBoundary = (request: Request): boolean =>
  Boolean(parseContentType(request.header('content-type') ?? '').parameters['boundary']);

const textOf = (error: unknown): string =>
  error instanceof Error ? error.message.replace(/\.$/, '') : 'it cannot be parsed';
