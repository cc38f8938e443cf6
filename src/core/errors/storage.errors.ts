import { AppError } from './app.error.js';

/** Failures of the bytes: what contracts of storage throw, whichever backend is behind them. */

export class InvalidStoragePathError extends AppError {
  readonly kind = 'internal';
  readonly code = 'invalid-storage-path';
  readonly title = 'A storage path breaks the rules';

  constructor() {
    super('A path that a storage backend was given is not one it takes.');
  }
}

export class UnknownStorageTypeError extends AppError {
  readonly kind = 'internal';
  readonly code = 'unknown-storage-type';
  readonly title = 'There is no storage backend of this name';

  constructor(type: string, known: readonly string[]) {
    super(`STORAGE_BACKEND is ${JSON.stringify(type)}; known are ${known.join(', ')}.`);
  }
}

export class InvalidStorageConfigError extends AppError {
  readonly kind = 'internal';
  readonly code = 'invalid-storage-config';
  readonly title = 'The storage backend refuses its configuration';
}

/** Thrown by backends; slices answer with their own error, so the path is for the log only. */
export class ObjectNotFoundError extends AppError {
  readonly kind = 'not-found';
  readonly code = 'object-not-found';
  readonly title = 'The stored object does not exist';

  constructor(
    readonly path: string,
    cause?: unknown,
  ) {
    super('The stored object does not exist.', { cause });
  }
}

export class ObjectMissingError extends AppError {
  readonly kind = 'internal';
  readonly code = 'object-missing';
  readonly title = 'The bytes of this file are lost';

  constructor() {
    super('The record exists but its bytes do not. Upload the same content again to heal it.');
  }
}

export class ObjectCorruptError extends AppError {
  readonly kind = 'internal';
  readonly code = 'object-corrupt';
  readonly title = 'The stored bytes of this file are damaged';

  constructor() {
    super('The stored bytes differ from their digest. Upload the same content again to heal it.');
  }
}

export class StorageFullError extends AppError {
  readonly kind = 'out-of-space';
  readonly code = 'storage-full';
  readonly title = 'There is no space left for this file';

  /** @param kept what is, when that is not nothing */
  constructor(cause?: unknown, kept = 'nothing of this request was kept') {
    super(`The storage has too little free space; ${kept}.`, { cause });
  }
}

export class StorageUnavailableError extends AppError {
  readonly kind = 'unavailable';
  readonly code = 'storage-unavailable';
  readonly title = 'The storage does not answer';

  constructor(
    readonly operation: string,
    cause?: unknown,
  ) {
    super('The storage backend failed; nothing of this request was kept. Repeat it.', {
      cause,
      retryAfter: 5,
    });
  }
}

export class FileNotFoundError extends AppError {
  readonly kind = 'not-found';
  readonly code = 'file-not-found';
  readonly title = 'There is no such file';

  constructor(id?: number) {
    super(`No file of ${id === undefined ? 'this id' : `the id ${id}`} can be read with this key.`);
  }
}

export class DigestMismatchError extends AppError {
  readonly kind = 'unprocessable';
  readonly code = 'digest-mismatch';
  readonly title = 'The content is not what its digest says';

  constructor(expected: string, received: string) {
    super(`Expected SHA-256 ${expected}, received ${received}; nothing was kept.`);
  }
}

export class SizeMismatchError extends AppError {
  readonly kind = 'invalid-input';
  readonly code = 'size-mismatch';
  readonly title = 'The content is not as long as announced';

  constructor(expected: number, received: number) {
    super(`Expected ${expected} bytes, received ${received}; nothing was kept.`);
  }
}

export class UploadTooLargeError extends AppError {
  readonly kind = 'too-large';
  readonly code = 'upload-too-large';
  readonly title = 'The file is too large';

  constructor(limit: number) {
    super(`A file may have at most ${limit} bytes; nothing was kept.`);
  }
}

export class UploadLeaseLostError extends AppError {
  readonly kind = 'unavailable';
  readonly code = 'upload-lease-lost';
  readonly title = 'The upload took longer than its lease';

  constructor() {
    super('The service could not renew its claim on this upload; nothing was kept. Repeat it.', {
      retryAfter: 1,
    });
  }
}

/** Two contents with one SHA-256, or a damaged record: both are kept and an operator must look. */
export class ContentHashConflictError extends AppError {
  readonly kind = 'internal';
  readonly code = 'content-hash-conflict';
  readonly title = 'A stored file has this digest but another size';

  constructor() {
    super('The upload was refused, so that neither content is lost; the incident was logged.');
  }
}
