import { AppError } from '../../core/errors/index.js';

export class JobNotFoundError extends AppError {
  readonly kind = 'not-found';
  readonly code = 'job-not-found';
  readonly title = 'There is no such job';

  constructor() {
    super('No job of this id can be seen with this key.');
  }
}

export class TooManyJobsError extends AppError {
  readonly kind = 'too-many-requests';
  readonly code = 'too-many-jobs';
  readonly title = 'Too many jobs wait already';

  constructor(limit: number) {
    super(`A user may have ${limit} jobs waiting; this one was not submitted.`, { retryAfter: 10 });
  }
}

export class TooManyEventStreamsError extends AppError {
  readonly kind = 'too-many-requests';
  readonly code = 'too-many-event-streams';
  readonly title = 'Too many streams of events are open';

  constructor(limit: number) {
    super(
      `A user may have ${limit} streams of events open; close one, or ask for the job itself.`,
      {
        retryAfter: 10,
      },
    );
  }
}
