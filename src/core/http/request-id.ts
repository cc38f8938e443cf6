import { randomUUID } from 'node:crypto';
import type { RequestHandler } from 'express';
import { holdsKey } from './redact-url.js';

const REQUEST_ID = /^[\w.:-]{1,128}$/;

/**
 * Gives every request its id, before anything can fail: a caller's `X-Request-Id` is taken over when
 * it is harmless, and no key. It is sent back, logged, and named by problems.
 */
export const assignRequestId: RequestHandler = (request, response, next) => {
  const given = request.headers['x-request-id'];
  const isTaken = typeof given === 'string' && REQUEST_ID.test(given) && !holdsKey(given);
  request.id = isTaken ? given : randomUUID();
  response.setHeader('X-Request-Id', request.id);
  next();
};
