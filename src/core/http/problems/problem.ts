import { HttpException } from '@nestjs/common';
import { isConnectionLost, isRetryable } from '../../database/pg-errors.js';
import { AppError, type ErrorKind, type InputFault } from '../../errors/app.error.js';
import {
  DatabaseUnavailableError,
  TransactionConflictError,
} from '../../errors/database.errors.js';
import {
  BadRequestError,
  BodyTooLargeError,
  ForbiddenError,
  InternalError,
  RequestAbortedError,
  RequestTimeoutError,
  RouteNotFoundError,
  UnauthenticatedError,
  UnsupportedMediaTypeError,
} from '../../errors/http.errors.js';

/** The only table that gives failures an HTTP status. */
const STATUS: Readonly<Record<ErrorKind, number>> = {
  'invalid-input': 400,
  unauthenticated: 401,
  forbidden: 403,
  'not-found': 404,
  timeout: 408,
  conflict: 409,
  gone: 410,
  precondition: 412,
  'too-large': 413,
  'unsupported-type': 415,
  'range-not-satisfiable': 416,
  unprocessable: 422,
  locked: 423,
  'precondition-required': 428,
  'too-many-requests': 429,
  'headers-too-large': 431,
  // Of tus, for a checksum of one request.
  'checksum-mismatch': 460,
  internal: 500,
  unavailable: 503,
  'out-of-space': 507,
  'over-quota': 507,
};

/** RFC 9457. `code` is ours and stable; `instance` names the request in the log. */
export interface Problem {
  type: string;
  title: string;
  status: number;
  code: string;
  detail: string;
  instance: string;
  errors?: InputFault[];
}

export function problemOf(error: AppError, requestId: string): Problem {
  return {
    ...error.extensions,
    type: `/problems/${error.code}`,
    title: error.title,
    status: STATUS[error.kind],
    code: error.code,
    detail: error.message,
    instance: `urn:request:${requestId}`,
    ...(error.errors && { errors: error.errors }),
  };
}

export const statusOf = (error: AppError): number => STATUS[error.kind];

/** Failures of raw-body, by their `type`. */
const RAW_BODY: Readonly<Record<string, (cause: unknown) => AppError>> = {
  'request.aborted': (cause) => new RequestAbortedError({ cause }),
  'request.size.invalid': (cause) => new RequestAbortedError({ cause }),
};

/** Whatever was thrown, as a failure of ours: from Nest, Express, a parser, the database, a bug. */
export function toAppError(error: unknown): AppError {
  if (error instanceof AppError) return error;
  if (isConnectionLost(error)) return new DatabaseUnavailableError(error);
  // Of a statement outside of a transaction; those are repeated by `UnitOfWork`.
  if (isRetryable(error)) return new TransactionConflictError(error);
  const { type, code } = (error ?? {}) as { type?: string; code?: string };
  const parsed = type === undefined ? undefined : RAW_BODY[type]?.(error);
  if (parsed) return parsed;
  if (code === 'ECONNRESET' || code === 'ERR_STREAM_PREMATURE_CLOSE') {
    return new RequestAbortedError({ cause: error });
  }
  return byStatus(error);
}

function byStatus(error: unknown): AppError {
  switch (statusClaimedBy(error)) {
    case 400:
      return new BadRequestError(messageOf(error), { cause: error });
    case 401:
      return new UnauthenticatedError();
    case 403:
      return new ForbiddenError('This is not permitted.');
    case 404:
      return new RouteNotFoundError('See /docs for the routes there are.');
    case 408:
      return new RequestTimeoutError('The request did not arrive in time.');
    case 413:
      return new BodyTooLargeError();
    case 415:
      return new UnsupportedMediaTypeError(
        'The body has a media type that this route does not take.',
      );
    default:
      return new InternalError({ cause: error });
  }
}

function statusClaimedBy(error: unknown): number | undefined {
  if (error instanceof HttpException) return error.getStatus();
  const { status, statusCode } = (error ?? {}) as { status?: unknown; statusCode?: unknown };
  const claimed = status ?? statusCode;
  return typeof claimed === 'number' ? claimed : undefined;
}

const messageOf = (error: unknown): string =>
  error instanceof URIError || error instanceof HttpException
    ? error.message
    : 'The request cannot be understood.';
