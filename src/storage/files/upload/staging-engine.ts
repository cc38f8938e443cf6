import type { Request } from 'express';
import type { StorageEngine } from 'multer';
import type {
  IArtifactProducer,
  StagedArtifact,
} from '../../../core/contracts/artifact-producer.contract.js';
import { MalformedMultipartError, ValidationFailedError } from '../../../core/errors/index.js';
import { pointerTo } from '../../../core/validation/json-pointer.js';
import type { DescriptionHints } from './describe.js';

export interface StagedPart {
  staged: StagedArtifact;
  hints: DescriptionHints;
}

export interface StagingRules {
  maxFiles: number;
  /** What parts of files may be named; the first of them is what they should be named. */
  partNames: readonly [string, ...string[]];
  /** What is wrong with the file name of a part, or `null`. */
  faultOfName: (fileName: string) => string | null;
  expectedSha256?: string;
}

type PartCallback = (error?: unknown, info?: Partial<Express.Multer.File>) => void;

/**
 * Multer's storage for one request: each part goes straight to the artifact producer, nothing is
 * spooled. It keeps account of its parts itself, since multer reports an aborted form before the
 * part in flight has ended and forgets that part.
 */
export class StagingEngine implements StorageEngine {
  /** The first failure of a part by itself: the cause, where multer may report a consequence. */
  fault: unknown;
  private readonly parts: Promise<StagedPart>[] = [];
  /** Of the body, as far as its parts have not brought them yet. */
  private bytesToCome: number;
  private readonly stop = new AbortController();
  private readonly signal: AbortSignal;

  constructor(
    private readonly producer: IArtifactProducer,
    signal: AbortSignal,
    private readonly rules: StagingRules,
    contentLength: number,
  ) {
    this.bytesToCome = contentLength;
    this.signal = AbortSignal.any([signal, this.stop.signal]);
  }

  _handleFile(_request: Request, file: Express.Multer.File, done: PartCallback): void {
    const part = this.stage(file);
    this.parts.push(part);
    part.then(
      () => done(undefined, {}),
      (error: unknown) => {
        if (!this.isConsequence(error)) this.fault ??= error;
        done(error);
      },
    );
  }

  /** `discard` gives all parts up together. */
  _removeFile(
    _request: Request,
    _file: Express.Multer.File,
    done: (error: Error | null) => void,
  ): void {
    done(null);
  }

  /** Every part in the order of the form. Rejects when one failed. */
  async settled(): Promise<StagedPart[]> {
    return await Promise.all(this.parts);
  }

  /** Stops the parts in flight and gives up the others. */
  async discard(): Promise<void> {
    this.stop.abort(new Error('The form was given up.'));
    for (const part of await Promise.allSettled(this.parts)) {
      if (part.status === 'fulfilled') await this.producer.discard([part.value.staged]);
    }
  }

  /** A part also fails when the form around it is broken or given up. */
  private isConsequence(error: unknown): boolean {
    return error instanceof MalformedMultipartError || error === this.stop.signal.reason;
  }

  private async stage(file: Express.Multer.File): Promise<StagedPart> {
    const hints = this.check(file);
    const parserFaults: unknown[] = [];
    file.stream.once('error', (error) => parserFaults.push(error));
    try {
      const staged = await this.producer.stage(file.stream, {
        // Fields that describe it may follow the part; they are added when the form has ended.
        fileType: 'binary',
        expectedSha256: this.rules.expectedSha256,
        sizeAtMost: this.bytesToCome,
        signal: this.signal,
      });
      this.bytesToCome -= staged.size;
      return { staged, hints };
    } catch (error) {
      // The parser fails the part that it is in when the form breaks; all else is ours.
      if (!(error instanceof Error && parserFaults.includes(error))) throw error;
      throw new MalformedMultipartError(`The form is not valid: ${error.message}.`, {
        cause: error,
      });
    }
  }

  private check(file: Express.Multer.File): DescriptionHints {
    const { maxFiles, partNames, faultOfName } = this.rules;
    const [partName] = partNames;
    if (!partNames.includes(file.fieldname)) {
      throw ValidationFailedError.of(
        pointerTo(file.fieldname),
        `the part of a file must be named ${partName}`,
      );
    }
    if (this.parts.length >= maxFiles) {
      throw ValidationFailedError.of(pointerTo(partName), `at most ${maxFiles} files are taken`);
    }
    const fileName = file.originalname || undefined;
    const fault = fileName === undefined ? null : faultOfName(fileName.normalize('NFC'));
    if (fault) throw ValidationFailedError.of('/fileName', fault);
    return { fileName, mimeType: file.mimetype };
  }
}
