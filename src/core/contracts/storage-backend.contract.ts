import type { Readable } from 'node:stream';

export const STORAGE_BACKEND = Symbol('IStorageBackend');

/**
 * The paths that a backend takes: segments of letters, digits, `.`, `_` and `-`, parted by `/`, each
 * beginning with a letter or digit, so that no path can leave the root or hide. Users' names never
 * become paths.
 */
export const STORAGE_PATH = /^[A-Za-z0-9][A-Za-z0-9._-]*(?:\/[A-Za-z0-9][A-Za-z0-9._-]*)*$/;

/** Longest path in bytes: as one name it must fit into a file name of any file system. */
export const MAX_STORAGE_PATH_BYTES = 200;

/** Bytes `start` to `end`, both included, as in HTTP. `end` is cut to the last byte of the file. */
export interface ByteRange {
  start: number;
  end: number;
}

export interface StoredFileInfo {
  path: string;
  /** Bytes. */
  size: number;
  modifiedAt: Date;
}

export interface StagedWriteOptions {
  /** Bytes to come, when they are known: lets a backend choose its part size or refuse early. */
  expectedSize?: number;
}

/**
 * What a backend must be told to find staged bytes again: JSON, such as the id of a multipart upload and
 * its parts. `null` where path and size are enough. Opaque to everybody else.
 */
export type StagedState = Readonly<Record<string, unknown>> | null;

/** Staged bytes as a checkpoint has left them. */
export interface StagedPoint {
  /** Bytes that are durable. */
  size: number;
  state: StagedState;
}

/**
 * A file on its way in. The calls come in this order: `write`*, `seal`, `publish`; `abort` and `suspend`
 * may come at any time before `publish` has been called, `checkpoint` and `rewind` among the writes. One
 * call at a time.
 *
 * After any call has failed only `abort` or `suspend` may follow: an fsync that failed may have dropped
 * the data, and a second one would report success (PostgreSQL's "fsyncgate"). What an earlier checkpoint
 * has made durable stays so.
 */
export interface IStagedFile {
  readonly path: string;
  /**
   * Takes the bytes over. When it resolves the backend is ready for more and the buffer is the
   * caller's again.
   * @throws StorageFullError, StorageUnavailableError
   */
  write(chunk: Buffer): Promise<void>;
  /**
   * Resolves when every byte written so far is durable, still invisible: `resumeStaged` finds it with what
   * this returns, in any process and after a power cut. @throws as `write`
   */
  checkpoint(): Promise<StagedState>;
  /**
   * Drops what was written after the first `size` bytes; the next write follows on them. `size` is that of
   * a checkpoint, or of how it was resumed.
   */
  rewind(size: number): Promise<void>;
  /** Gives up handles and nothing else: what is durable stays, to be resumed. May be called twice. */
  suspend(): Promise<void>;
  /** Resolves when every byte is durable, still invisible. @throws as `write` */
  seal(): Promise<void>;
  /**
   * Makes the sealed file visible under its path, atomically and durably: a reader sees the whole
   * file or none. Nothing is copied. An existing file of that path is replaced.
   */
  publish(): Promise<StoredFileInfo>;
  /** Drops what was written. May be called twice. */
  abort(): Promise<void>;
}

/**
 * A flat store of immutable byte objects.
 *
 * Every method throws only errors of `core/errors`: `ObjectNotFoundError`, `InvalidStoragePathError`,
 * `StorageFullError`, `StorageUnavailableError` (the backend's own error is its `cause`). A file is
 * invisible to `readFile`, `readStream`, `exists`, `getFileInfo` and `listFiles` until it is
 * published, and whole afterwards.
 */
export interface IStorageBackend {
  /** What it is called in the configuration, in `files.backend` and in logs. */
  readonly name: string;
  /** Prepares the store and proves that it can be written. Called once, before anything else. */
  init(): Promise<void>;
  /** Gives up connections and handles. No other call may follow. */
  destroy(): Promise<void>;
  /** The whole file in memory: for small files only. */
  readFile(path: string): Promise<Buffer>;
  /**
   * The bytes, or a part of them, as a stream that the caller must consume or destroy.
   * Rejects before the first byte when the file is absent; a range that begins at or past the end
   * gives an empty stream.
   */
  readStream(path: string, range?: ByteRange): Promise<Readable>;
  /**
   * Stores a stream: open, write, seal and publish in one. When the stream fails nothing is left
   * and its error is thrown.
   */
  writeStream(path: string, content: Readable): Promise<StoredFileInfo>;
  /**
   * Removes the file and whatever was staged for this path, by whichever process. Idempotent: an
   * absent file is no error. Staged bytes go first, so that a frozen writer that wakes up later
   * either has published already and loses the file, or fails.
   */
  deleteFile(path: string): Promise<void>;
  exists(path: string): Promise<boolean>;
  /**
   * Makes the file readable at a path of this machine too, for everybody who can reach that path, without
   * a copy of its bytes and read-only. The caller removes it, which leaves the file as it is.
   * @returns `false` when this can't be: the bytes are not on this machine, or not on the disk of the target
   */
  link(path: string, target: string): Promise<boolean>;
  /** Every published file whose path begins with the prefix (a plain string), in no promised order. */
  listFiles(prefix: string): AsyncIterable<StoredFileInfo>;
  getFileInfo(path: string): Promise<StoredFileInfo>;
  /** Begins a file. The path must never have been used before, by anybody. */
  openStaged(path: string, options?: StagedWriteOptions): Promise<IStagedFile>;
  /**
   * Opens staged bytes again, in any process, and drops what was written after the checkpoint. Bytes that
   * were published stay as they are. The caller sees to it that nobody else has this path open: whoever did
   * not let go of it can write to it still, and no lock hinders the one that was frozen amid a call.
   * @throws ObjectNotFoundError when fewer bytes than the checkpoint says are staged, or none
   */
  resumeStaged(path: string, from: StagedPoint): Promise<IStagedFile>;
  /**
   * The bytes of a checkpoint, or a part of them, staged or published. What is written beyond the checkpoint
   * meanwhile does no harm.
   * @throws ObjectNotFoundError when there are fewer bytes than the checkpoint says, or none
   */
  readStaged(path: string, from: StagedPoint, range?: ByteRange): Promise<Readable>;
  /** Every path with staged bytes, for checks that nothing was left behind. */
  listStaged(): AsyncIterable<string>;
  /** Bytes that can still be stored, or `null` where there is no such bound. */
  freeBytes(): Promise<number | null>;
}
