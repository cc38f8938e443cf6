import { AppError } from '../../core/errors/index.js';

export class FsckRunNotFoundError extends AppError {
  readonly kind = 'not-found';
  readonly code = 'fsck-run-not-found';
  readonly title = 'There is no such check';

  constructor() {
    super('No check of the store has this id.');
  }
}

export class FsckRunningError extends AppError {
  readonly kind = 'conflict';
  readonly code = 'fsck-running';
  readonly title = 'A check is running already';

  constructor(id: string) {
    super(`One check runs at a time in an installation; this one was not started. Running: ${id}`, {
      retryAfter: 10,
    });
  }
}
