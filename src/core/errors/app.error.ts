/** What kind of failure it is; `core/errors/problem.ts` gives each its HTTP status. */
export type ErrorKind =
  | 'invalid-input'
  | 'unauthenticated'
  | 'forbidden'
  | 'not-found'
  | 'timeout'
  | 'conflict'
  | 'gone'
  | 'precondition'
  | 'too-large'
  | 'unsupported-type'
  | 'range-not-satisfiable'
  | 'unprocessable'
  | 'locked'
  | 'precondition-required'
  | 'too-many-requests'
  | 'headers-too-large'
  | 'checksum-mismatch'
  | 'internal'
  | 'unavailable'
  | 'out-of-space'
  | 'over-quota';

/** One fault of an input: where (a JSON pointer, RFC 6901, or a parameter's name) and what. */
export interface InputFault {
  pointer: string;
  detail: string;
}

export interface AppErrorOptions {
  cause?: unknown;
  errors?: InputFault[];
  /** Seconds after which a repeat makes sense. */
  retryAfter?: number;
  /** Further members of the problem (RFC 9457 section 3.2), documented where they occur. */
  extensions?: Record<string, unknown>;
  /** Response headers that this failure demands, such as `Content-Range` with a 416. */
  headers?: Record<string, string>;
}

/**
 * Every failure that a caller may see. A class fixes `kind`, `code` and `title`; the message is the
 * `detail` that the caller reads, so it names what was wrong and holds no secret and no path of
 * this machine. Codes are stable and listed in docs/errors.md.
 */
export abstract class AppError extends Error {
  abstract readonly kind: ErrorKind;
  abstract readonly code: string;
  abstract readonly title: string;
  readonly errors?: InputFault[];
  readonly retryAfter?: number;
  readonly extensions?: Record<string, unknown>;
  readonly headers?: Record<string, string>;

  constructor(detail: string, options: AppErrorOptions = {}) {
    super(detail, { cause: options.cause });
    this.name = new.target.name;
    this.errors = options.errors;
    this.retryAfter = options.retryAfter;
    this.extensions = options.extensions;
    this.headers = options.headers;
  }
}
