import type { Transaction } from '../database/unit-of-work.js';
import type { FileId } from './ids.js';
import type { Principal } from './principal.contract.js';
import type { SizedContent } from './quotas.contract.js';

export const FILE_REFERENCES = Symbol('IFileReferences');

/** Who keeps a file alive: a principal by a hold, a slice's own row, … */
export interface ReferenceOwner {
  /** What kind of owner, at most 32 characters: `hold`. Each slice names its own. */
  type: string;
  /** Which one, at most 64 characters: for a hold the principal's id. */
  id: string;
}

/** The hold that a principal gets by uploading. It lasts until the principal gives it up. */
export const holdOf = (principalId: string): ReferenceOwner => ({ type: 'hold', id: principalId });

/** Whoever keeps the files of a dataset alive: the dataset. */
export const keptBy = (datasetId: string): ReferenceOwner => ({ type: 'dataset', id: datasetId });

/** Whoever keeps what a job has made: the job. */
export const madeBy = (jobId: string): ReferenceOwner => ({ type: 'job', id: jobId });

/**
 * What the bytes are in one use. It belongs to the reference and not to the file, since the same
 * bytes can be used twice under different names.
 */
export interface FileUse {
  /** What the content is: `csv`, `parquet`, … 1 to 64 characters. */
  fileType: string;
  /** As the user named it, in Unicode NFC; at most 255 bytes. */
  fileName?: string | null;
  /** Media type, RFC 9110 section 8.3.1. */
  mimeType?: string | null;
  /** `gzip`, `zstd`, …: how the stored bytes are compressed. Never becomes a Content-Encoding. */
  compressionType?: string | null;
  metadata?: Record<string, unknown>;
  /** When the use ends by itself, as if it were given up then. Default: never. */
  expiresAt?: Date | null;
}

/** A reference that was made, and what it is on. */
export interface AcquiredReference {
  /** `file_references.id`: names this one reference when it is given up. */
  referenceId: string;
  fileId: FileId;
  /** SHA-256 of the bytes, lower-case hex. */
  contentHash: string;
  /** Bytes. */
  size: number;
}

/**
 * Counts of `files` change only here and in `IArtifactProducer.publish`. Each call runs in the
 * caller's transaction, so that a count and its references can't part; several files are locked
 * in the order of their content hash, so that two callers can't wait for each other.
 */
export interface IFileReferences {
  /**
   * Whether the owner may keep these contents; to be asked before references on them are added, here or
   * by `IArtifactProducer.publish`, in the same transaction. See `IQuotas.admit`.
   * @throws QuotaExceededError
   */
  admit(
    tx: Transaction,
    caller: Principal,
    owner: ReferenceOwner,
    contents: readonly SizedContent[],
    alongside?: readonly SizedContent[],
  ): Promise<void>;
  /** One more reference on a file that exists. @throws FileNotFoundError */
  acquire(tx: Transaction, fileId: FileId, owner: ReferenceOwner, use: FileUse): Promise<void>;
  /**
   * One more reference for each of these uses, of files that the caller may read or the owner has
   * already, in the order given; all or none.
   * @throws FileNotFoundError when one is unknown, or not for this caller to read
   */
  acquireAll(
    tx: Transaction,
    caller: Principal,
    owner: ReferenceOwner,
    uses: readonly (FileUse & { fileId: FileId })[],
  ): Promise<AcquiredReference[]>;
  /** What the owner has, and what each is there; in the order in which it was made. */
  usesOf(owner: ReferenceOwner): Promise<(FileUse & { fileId: FileId })[]>;
  /** The references that these attempts became by `IArtifactProducer.publish`, in the order given. */
  ofAttempts(tx: Transaction, attemptIds: readonly string[]): Promise<AcquiredReference[]>;
  /** Gives up these references, each once: one that is gone already is passed over. */
  releaseAll(tx: Transaction, referenceIds: readonly string[]): Promise<void>;
  /**
   * Gives up every reference of this owner on this file; bytes are not touched, the collector
   * removes them after their grace. Returns how many there were: 0 changes nothing.
   */
  release(tx: Transaction, fileId: FileId, owner: ReferenceOwner): Promise<number>;
  /** Hands every reference of one owner on this file to another; counts stay. Returns how many. */
  move(tx: Transaction, fileId: FileId, from: ReferenceOwner, to: ReferenceOwner): Promise<number>;
}
