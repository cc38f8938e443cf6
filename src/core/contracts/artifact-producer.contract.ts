import type { Readable } from 'node:stream';
import type { Transaction } from '../database/unit-of-work.js';
import type { FileUse, ReferenceOwner } from './file-references.contract.js';
import type { FileId } from './ids.js';

export const ARTIFACT_PRODUCER = Symbol('IArtifactProducer');

/** What the caller knows of the bytes beforehand; each is checked, and a difference refuses the file. */
export interface ContentExpectation {
  /** Lower-case hex. @throws DigestMismatchError */
  expectedSha256?: string;
  /** Bytes. @throws SizeMismatchError */
  expectedSize?: number;
  /** Bytes, where the size is not known: so much room is kept for it. Not checked. */
  sizeAtMost?: number;
  /** Ends the attempt: what was received is dropped. */
  signal?: AbortSignal;
}

export interface StageOptions extends FileUse, ContentExpectation {}

export interface ArtifactOptions extends StageOptions {
  /** Who holds the reference when `createArtifact` returns. */
  owner: ReferenceOwner;
}

/**
 * Bytes that are durable and hashed but belong to no file yet. Plain data: a copy with another
 * `fileType` or `metadata` is still the same attempt.
 */
export interface StagedArtifact extends FileUse {
  /** Random per attempt; also the id of its storage intent and of the reference it becomes. */
  readonly attemptId: string;
  /** SHA-256 of the bytes, lower-case hex. */
  readonly contentHash: string;
  /** Bytes. */
  readonly size: number;
}

/**
 * The single way a file enters the system. Bytes are read once, in constant memory, never rewound;
 * each distinct content is stored once, whoever else stores it at the same time.
 *
 * The protocol (intent, bytes, publish) is told in docs/decisions/0004.
 */
export interface IArtifactProducer {
  /**
   * Stores the content and returns the id of its file: `stage` and `publish` in one, in a
   * transaction of its own. When it returns, the owner holds one reference, durably. When it
   * throws, the owner holds none, with one exception: OutcomeUnknownError, when the database
   * could not be asked whether the commit took place.
   * @throws DigestMismatchError, SizeMismatchError, StorageFullError, StorageUnavailableError,
   *   DatabaseUnavailableError, OutcomeUnknownError; the stream's own error when the stream fails
   */
  createArtifact(content: Readable, options: ArtifactOptions): Promise<FileId>;
  /**
   * Receives and hashes the bytes and makes them durable. No database connection is held
   * meanwhile. The result must go to `publish` or `discard`; a lease guards it until then.
   */
  stage(content: Readable, options: StageOptions): Promise<StagedArtifact>;
  /**
   * Turns staged bytes into files, with one reference each for the owner, inside the caller's
   * transaction: all or nothing with whatever else it does. File ids in the order given. Bytes
   * that turn out to be stored already are dropped after the commit; after a rollback the staged
   * artifacts are still whole, to publish again or to discard.
   */
  publish(
    tx: Transaction,
    staged: readonly StagedArtifact[],
    owner: ReferenceOwner,
  ): Promise<FileId[]>;
  /** Gives staged bytes up. Never throws: what can't be removed now, the collector removes later. */
  discard(staged: readonly StagedArtifact[]): Promise<void>;
}
