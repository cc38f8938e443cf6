import { AppError } from './app.error.js';

export class DatabaseUnavailableError extends AppError {
  readonly kind = 'unavailable';
  readonly code = 'database-unavailable';
  readonly title = 'The database does not answer';

  constructor(cause?: unknown) {
    super('The request was not carried out. Repeat it.', { cause, retryAfter: 2 });
  }
}

/** The connection was lost between COMMIT and its answer, and nobody could be asked since. */
export class OutcomeUnknownError extends AppError {
  readonly kind = 'unavailable';
  readonly code = 'outcome-unknown';
  readonly title = 'It is not known whether the request was carried out';

  constructor(cause?: unknown) {
    super('Repeat the request with the same Idempotency-Key: it will not be carried out twice.', {
      cause,
      retryAfter: 5,
    });
  }
}

export class TransactionConflictError extends AppError {
  readonly kind = 'unavailable';
  readonly code = 'transaction-conflict';
  readonly title = 'Too many requests changed the same rows at once';

  constructor(cause?: unknown) {
    super('The request was not carried out. Repeat it.', { cause, retryAfter: 1 });
  }
}
