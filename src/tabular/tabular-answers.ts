import type { Response } from 'express';
import type { Answer } from './operations/pending-answers.service.js';

/** Seconds after which to look at the job again. */
const LOOK_AGAIN = 2;

/**
 * Answers 202 with the job that goes on with the work, when it has not ended in time.
 * @returns what came of it, when it has
 */
export function outputOrAccepted<T>(response: Response, answer: Answer<T>): T | null {
  if ('output' in answer) return answer.output;
  const { jobId } = answer;
  response
    .status(202)
    .set({ Location: `/v1/jobs/${jobId}`, 'Retry-After': String(LOOK_AGAIN) })
    .json({ jobId, status: 'running' });
  return null;
}
