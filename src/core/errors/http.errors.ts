import { AppError, type AppErrorOptions, type InputFault } from './app.error.js';

/** Failures of the request itself, before any slice is asked. */

export class ValidationFailedError extends AppError {
  readonly kind = 'invalid-input';
  readonly code = 'validation-failed';
  readonly title = 'The request is not valid';

  constructor(errors: InputFault[]) {
    super(errors.map(toldOf).join('; '), { errors });
  }

  static of(pointer: string, detail: string): ValidationFailedError {
    return new ValidationFailedError([{ pointer, detail }]);
  }

  /** The same faults, of an input that lies below this pointer. */
  below(parent: string): ValidationFailedError {
    return new ValidationFailedError(
      (this.errors ?? []).map(({ pointer, detail }) => ({ pointer: parent + pointer, detail })),
    );
  }
}

/** An empty pointer is the whole input. */
const toldOf = ({ pointer, detail }: InputFault): string =>
  pointer === '' ? detail : `${pointer}: ${detail}`;

export class PatchTooLargeError extends AppError {
  readonly kind = 'too-large';
  readonly code = 'patch-too-large';
  readonly title = 'The patch changes too many rows';

  /** @param what has too many of them */
  constructor(what: string, limit: number) {
    super(`${what} may change at most ${limit} rows: put a whole file in their place.`);
  }
}

export class MalformedBodyError extends AppError {
  readonly kind = 'invalid-input';
  readonly code = 'malformed-body';
  readonly title = 'The body cannot be parsed';
}

export class MalformedMultipartError extends AppError {
  readonly kind = 'invalid-input';
  readonly code = 'malformed-multipart';
  readonly title = 'The multipart body cannot be parsed';
}

export class BadRequestError extends AppError {
  readonly kind = 'invalid-input';
  readonly code = 'bad-request';
  readonly title = 'The request cannot be understood';
}

export class CursorMismatchError extends AppError {
  readonly kind = 'invalid-input';
  readonly code = 'cursor-mismatch';
  readonly title = 'The cursor does not belong to this request';

  constructor() {
    super('The cursor is damaged or was made for another list or other filters.');
  }
}

export class UnauthenticatedError extends AppError {
  readonly kind = 'unauthenticated';
  readonly code = 'unauthenticated';
  readonly title = 'An API key is needed';

  constructor(detail = 'Send `Authorization: Bearer <API key>` with a key that is known here.') {
    super(detail, { headers: { 'WWW-Authenticate': 'Bearer realm="stratum"' } });
  }
}

export class ForbiddenError extends AppError {
  readonly kind = 'forbidden';
  readonly code = 'forbidden';
  readonly title = 'The key does not permit this';
}

export class RouteNotFoundError extends AppError {
  readonly kind = 'not-found';
  readonly code = 'route-not-found';
  readonly title = 'There is no such route';
}

export class RequestTimeoutError extends AppError {
  readonly kind = 'timeout';
  readonly code = 'request-timeout';
  readonly title = 'The request came too slowly';
}

export class RequestAbortedError extends AppError {
  readonly kind = 'invalid-input';
  readonly code = 'request-aborted';
  readonly title = 'The connection was closed before the request was complete';

  constructor(options?: AppErrorOptions) {
    super('The body ended before it was complete; nothing was kept.', options);
  }
}

export class HeadersTooLargeError extends AppError {
  readonly kind = 'headers-too-large';
  readonly code = 'headers-too-large';
  readonly title = 'The request headers are too large';
}

export class BodyTooLargeError extends AppError {
  readonly kind = 'too-large';
  readonly code = 'body-too-large';
  readonly title = 'The body is too large';

  /** @param limit what the route takes, in bytes */
  constructor(limit?: number) {
    super(
      limit === undefined
        ? 'The body is larger than this route takes.'
        : `The body may have at most ${limit} bytes here.`,
    );
  }
}

export class UnsupportedMediaTypeError extends AppError {
  readonly kind = 'unsupported-type';
  readonly code = 'unsupported-media-type';
  readonly title = 'The media type is not supported here';
}

export class UnsupportedContentEncodingError extends AppError {
  readonly kind = 'unsupported-type';
  readonly code = 'unsupported-content-encoding';
  readonly title = 'The body may not be encoded';

  constructor() {
    super('Send the body without Content-Encoding; a compressed file is named by compressionType.');
  }
}

export class EtagMismatchError extends AppError {
  readonly kind = 'precondition';
  readonly code = 'etag-mismatch';
  readonly title = 'The resource is another than the request demands';
}

export class IfMatchRequiredError extends AppError {
  readonly kind = 'precondition-required';
  readonly code = 'if-match-required';
  readonly title = 'If-Match is required';

  constructor() {
    super('Read the resource, and name its ETag in If-Match: so no change of another is lost.');
  }
}

export class RangeNotSatisfiableError extends AppError {
  readonly kind = 'range-not-satisfiable';
  readonly code = 'range-not-satisfiable';
  readonly title = 'No byte of the range exists';

  constructor(size: number) {
    super(`The content has ${size} bytes.`, { headers: { 'Content-Range': `bytes */${size}` } });
  }
}

export class IdempotencyKeyReusedError extends AppError {
  readonly kind = 'unprocessable';
  readonly code = 'idempotency-key-reused';
  readonly title = 'The Idempotency-Key belongs to another request';

  constructor() {
    super('This key was used within 24 hours for a request with other content.');
  }
}

export class IdempotencyInProgressError extends AppError {
  readonly kind = 'conflict';
  readonly code = 'idempotency-in-progress';
  readonly title = 'A request with this Idempotency-Key is still running';

  constructor() {
    super('Repeat the request after the first one has ended.', { retryAfter: 5 });
  }
}

export class InternalError extends AppError {
  readonly kind = 'internal';
  readonly code = 'internal';
  readonly title = 'The service failed';

  constructor(options?: AppErrorOptions) {
    super('The failure was logged under the request id.', options);
  }
}
