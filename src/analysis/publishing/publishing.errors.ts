import type { JobStatus } from '../../core/contracts/jobs.contract.js';
import { AppError } from '../../core/errors/index.js';

export class JobNotSucceededError extends AppError {
  readonly kind = 'conflict';
  readonly code = 'job-not-succeeded';
  readonly title = 'The job has made nothing to publish';

  constructor(status: JobStatus) {
    super(`The job is ${status}: only what one that has succeeded has made can be published.`);
  }
}
