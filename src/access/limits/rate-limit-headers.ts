import type { Response } from 'express';
import { RateLimitedError } from './limits.errors.js';
import type { RateDecision } from './rate-limiter.service.js';

/** Whom a limit is of. */
export type RatePolicy = 'key' | 'address';

/**
 * Says in the answer what is left (draft-ietf-httpapi-ratelimit-headers-10): structured fields, written
 * out, since a serialiser costs more than the rest of the limiter.
 * @throws RateLimitedError when nothing is
 */
export function announce(
  response: Response,
  policy: RatePolicy,
  { isAllowed, limit, remaining, resetSeconds }: RateDecision,
): void {
  response.setHeader('RateLimit-Policy', `"${policy}";q=${limit};w=60`);
  response.setHeader('RateLimit', `"${policy}";r=${remaining};t=${resetSeconds}`);
  if (!isAllowed) throw new RateLimitedError(limit, resetSeconds);
}
