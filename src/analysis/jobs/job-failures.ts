import type { JobFailure } from '../../core/contracts/jobs.contract.js';
import { AppError } from '../../core/errors/index.js';

/** Why jobs fail whatever their kind: docs/jobs.md. */
export const WORKER_DIED: JobFailure = {
  code: 'worker-died',
  detail: 'Its workers have died at it, one after the other: it was begun as often as it may be.',
};

export const DEADLINE_PASSED: JobFailure = {
  code: 'job-deadline',
  detail: 'It had not ended at its deadline.',
};

export const kindUnknown = (kind: string): JobFailure => ({
  code: 'job-kind-unknown',
  detail: `The worker that took it carries out no jobs of the kind ${kind}.`,
});

/** What a caller is told of what a handler has thrown; the log has the rest. */
export const failureOf = (error: unknown): JobFailure =>
  error instanceof AppError
    ? { code: error.code, detail: error.message }
    : { code: 'internal', detail: 'It failed unexpectedly; the log has the reason.' };
