import type { Request } from 'express';
import { RequestTimeoutError } from '../errors/index.js';

/** A client that sends less than this in the whole of the time counts as one that sends nothing. */
const MIN_BYTES = 1024;

/**
 * Ends a request that no longer makes progress. There is no limit to how long an honest upload may
 * take, so the total time says nothing. Time in which bytes wait here for us is not the client's.
 * Returns what stops watching.
 */
export function watchProgress(
  request: Request,
  stallSeconds: number,
  abort: AbortController,
): () => void {
  let seen = request.socket.bytesRead;
  const timer = setInterval(() => {
    const { bytesRead } = request.socket;
    const isWaitingForUs = request.readableLength > 0;
    if (bytesRead - seen < MIN_BYTES && !isWaitingForUs && !request.complete) {
      abort.abort(
        new RequestTimeoutError(`Less than ${MIN_BYTES} bytes came within ${stallSeconds} s.`),
      );
    }
    seen = bytesRead;
  }, stallSeconds * 1000);
  timer.unref();
  return () => clearInterval(timer);
}
