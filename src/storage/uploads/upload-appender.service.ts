import { addAbortSignal, type Readable } from 'node:stream';
import { Injectable } from '@nestjs/common';
import type { FileId } from '../../core/contracts/ids.js';
import type { Principal } from '../../core/contracts/principal.contract.js';
import {
  AppError,
  StorageFullError,
  UploadTooLargeError,
  ValidationFailedError,
} from '../../core/errors/index.js';
import type { ExpectedChecksum } from './tus-headers.js';
import { UploadAdmission } from './upload-admission.service.js';
import { UploadCompletion } from './upload-completion.service.js';
import { UploadLocks, type HeldUpload } from './upload-locks.service.js';
import type { UploadSession } from './upload-session.js';
import { UploadSessions } from './upload-sessions.service.js';
import {
  UploadChecksumMismatchError,
  UploadGoneError,
  UploadLengthExceededError,
  UploadLockedError,
  UploadNotFoundError,
  UploadOffsetMismatchError,
} from './uploads.errors.js';
import { UploadsRepository, type UploadView } from './uploads.repository.js';

type Use<T> = (content: Readable, signal: AbortSignal) => Promise<T>;

/** Bytes to add to an upload, and what is said of them. */
export interface Addition {
  /** Where the client says that they belong; `null`: wherever the upload is. */
  offset: number | null;
  /** Of the whole upload, when it is told only now. */
  length?: number;
  /** How many bytes come, if that is known. */
  announced?: number;
  checksum: ExpectedChecksum | null;
  /** Has them come, from this offset on, now that everything is ready for them. */
  receive<T>(from: number, use: Use<T>): Promise<T>;
  /** Whom it acts for, now that they are here. */
  authorize(): Promise<Principal>;
}

/** Takes the bytes of uploads, and makes files of those that are whole. */
@Injectable()
export class UploadAppender {
  constructor(
    private readonly admission: UploadAdmission,
    private readonly completion: UploadCompletion,
    private readonly locks: UploadLocks,
    private readonly sessions: UploadSessions,
    private readonly uploads: UploadsRepository,
  ) {}

  /**
   * Adds bytes to an upload of the caller. What has come is kept when more does not; with a checksum all
   * are kept or none. Whoever sends the last byte gets the file with the answer.
   * @throws UploadNotFoundError, UploadGoneError, UploadLockedError, UploadOffsetMismatchError,
   *   UploadLengthExceededError, UploadChecksumMismatchError, ValidationFailedError, what
   *   `UploadAdmission.refuseEarly` and `UploadCompletion.finish` throw, and what the content fails with
   */
  async append(caller: Principal, id: string, addition: Addition): Promise<UploadView> {
    const upload = await this.uploads.find(caller.id, id);
    // What can be told without the lock is told without waiting for it.
    if (isOver(upload, addition)) return upload;
    const held = await this.locks.take(caller.id, id);
    this.sessions.passOn(held);
    try {
      if (isOver(held.upload, addition)) return held.upload;
      await this.add(caller, held, addition);
    } catch (error) {
      throw await this.explain(error, held);
    } finally {
      await held.lock.release();
    }
    const after = await this.uploads.find(caller.id, id);
    if (!after) throw new UploadNotFoundError();
    return after;
  }

  /** What a failure means for the upload: what it has now, and whether it is there at all. */
  private async explain(error: unknown, { upload: { id, kind } }: HeldUpload): Promise<unknown> {
    if (!(error instanceof UploadLockedError || error instanceof StorageFullError)) return error;
    const now = await this.uploads.find(null, id).catch(() => null);
    if (!now) return error;
    if (error instanceof UploadLockedError) {
      // It was ended while this request wrote to it.
      return now.isOpen || now.fileId !== null ? error : new UploadGoneError();
    }
    const kept =
      kind === 'final'
        ? 'the parts are kept, and can be put together when there is more room'
        : `the bytes up to offset ${now.offset} are kept, and HEAD tells the offset`;
    return new StorageFullError(error.cause, kept);
  }

  private async add(caller: Principal, held: HeldUpload, addition: Addition): Promise<void> {
    const { upload, lock } = held;
    if (addition.offset !== null && addition.offset !== upload.offset) {
      throw new UploadOffsetMismatchError(upload.offset);
    }
    const length = await this.lengthOf(caller, held, addition);
    if (length !== null && upload.offset + (addition.announced ?? 0) > length) {
      throw new UploadLengthExceededError(length);
    }
    if (length === null) await this.admission.refuseOverQuota(caller, addition.announced ?? 0);
    const session = await this.sessions.open(held);
    let fileId: FileId | null = null;
    try {
      // After what an earlier request has left behind is cut off.
      await this.admission.ensureSpace(length === null ? (addition.announced ?? 0) : 0);
      const isWhole = (): boolean => upload.kind !== 'partial' && session.offset === length;
      await addition.receive(upload.offset, async (content, signal) => {
        const stop = AbortSignal.any([signal, lock.ended]);
        const stoppable = addAbortSignal(stop, content);
        await this.receive(stoppable, session, { caller, length, isWhole, addition }).catch(
          (error) => {
            // A stream only says that it was destroyed; the signal knows why.
            throw stop.aborted && !(error instanceof AppError) ? stop.reason : error;
          },
        );
      });
      const authorized = await addition.authorize();
      if (isWhole()) fileId = await this.completion.finish(authorized, held, session);
      else await session.checkpoint();
    } finally {
      await this.sessions.close(held, session, fileId !== null);
    }
  }

  /** @throws ValidationFailedError when another was told before */
  private async lengthOf(
    caller: Principal,
    { upload, lock }: HeldUpload,
    { length }: Addition,
  ): Promise<number | null> {
    if (length === undefined || length === upload.length) return upload.length;
    if (upload.length !== null) {
      throw ValidationFailedError.of('Upload-Length', 'is known already and does not change');
    }
    if (length < upload.offset) {
      throw ValidationFailedError.of('Upload-Length', 'is less than what the upload has already');
    }
    await this.admission.refuseEarly(caller, length - upload.offset);
    this.admission.refuseTooLarge(length);
    // The last byte is there: the upload is told to be whole when it is a file, and not before.
    if (length > upload.offset || upload.kind === 'partial') await lock.setLength(length);
    return length;
  }

  private async receive(
    content: Readable,
    session: UploadSession,
    rules: {
      caller: Principal;
      length: number | null;
      isWhole: () => boolean;
      addition: Addition;
    },
  ): Promise<void> {
    const { caller, length, isWhole, addition } = rules;
    const { checksum } = addition;
    try {
      for await (const chunk of content) {
        const bytes = chunk as Buffer;
        this.refuseTooMuch(session.offset + bytes.length, length);
        await session.take(bytes);
        checksum?.hash.update(bytes);
        if (!checksum && session.isDue && !isWhole()) {
          await session.checkpoint();
          // Of what has no length nobody knew how much would come.
          if (length === null) await this.admission.refuseOverQuota(caller, 0);
        }
      }
    } catch (error) {
      // The client is gone, say; what has come is kept, unless it may be wrong or ends the upload.
      if (!checksum && !isWhole()) await session.checkpoint().catch(() => undefined);
      throw error;
    }
    if (checksum && !checksum.hash.digest().equals(checksum.expected)) {
      await session.rewind();
      throw new UploadChecksumMismatchError();
    }
  }

  private refuseTooMuch(offset: number, length: number | null): void {
    if (length !== null && offset > length) throw new UploadLengthExceededError(length);
    const { maxBytes } = this.admission;
    if (offset > maxBytes) throw new UploadTooLargeError(maxBytes);
  }
}

/**
 * Whether nothing is left to do: the upload is a file, and the client says so too.
 * @throws UploadNotFoundError, UploadGoneError, UploadOffsetMismatchError, UploadLengthExceededError
 */
function isOver(upload: UploadView | null, addition: Addition): upload is UploadView {
  if (!upload) throw new UploadNotFoundError();
  if (upload.fileId === null) {
    if (!upload.isOpen) throw new UploadGoneError();
    return false;
  }
  if (addition.offset !== null && addition.offset !== upload.offset) {
    throw new UploadOffsetMismatchError(upload.offset);
  }
  if (addition.announced) throw new UploadLengthExceededError(upload.offset);
  return true;
}
