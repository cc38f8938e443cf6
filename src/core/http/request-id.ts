import { randomUUID } from 'node:crypto';
import type { RequestHandler } from 'express';

const REQUEST_ID = /^[\w.:-]{1,128}$/;

/**
 * Gives every request its id, before anything can fail: a caller's `X-Request-Id` is taken over when
 * it is harmless. It is sent back, logged, and named by problems.
 */
export const assignRequestId: RequestHandler = (request, response, next) => {
  const given = request.headers['x-request-id'];
  request.id = typeof given === 'string' && REQUEST_ID.test(given) ? given : randomUUID();
  response.setHeader('X-Request-Id', request.id);
  next();
};
