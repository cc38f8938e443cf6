import { Catch, Logger, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import type { Request, Response } from 'express';
import type { AppError } from '../../errors/app.error.js';
import { problemOf, toAppError, type Problem } from './problem.js';

/** How long a client that is still sending may go on, so that it reads its answer and not a reset. */
const LINGER_MS = 5_000;

/** Of `response.locals`: whatever the status says, the service is in order; for the log of requests. */
export const REFUSED = 'isRefused';

/** What is over a quota is the caller's affair, though it is answered with a status of servers. */
const isRefusal = ({ kind }: AppError): boolean => kind === 'over-quota';

/** Answers every failure, from whichever layer, with problem+json. The only one to know HTTP. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  private readonly logger = new Logger(ProblemFilter.name);

  catch(thrown: unknown, host: ArgumentsHost): void {
    const request = host.switchToHttp().getRequest<Request>();
    const response = host.switchToHttp().getResponse<Response>();
    const error = toAppError(thrown);
    const problem = problemOf(error, request.id as string);
    if (isRefusal(error)) response.locals[REFUSED] = true;
    else if (problem.status >= 500) this.log(error, problem);
    if (response.headersSent) {
      // Half an answer must not end like a whole one.
      response.destroy();
      return;
    }
    respond(request, response, problem, error);
  }

  private log(error: AppError, problem: Problem): void {
    const message = `${problem.code}: ${problem.detail}`;
    if (problem.status === 500) this.logger.error({ err: error.cause ?? error }, message);
    else this.logger.warn({ err: error.cause ?? error }, message);
  }
}

/** Headers of a content; what browsers may do with the answer holds for any. */
const OF_CONTENT =
  /^(content-(?!security-policy)|etag|repr-digest|last-modified|accept-ranges|cache-control)/;

function respond(request: Request, response: Response, problem: Problem, error: AppError): void {
  const body = Buffer.from(JSON.stringify(problem));
  for (const name of response.getHeaderNames()) {
    // What a successful answer would have said of its content is not true of this one.
    if (OF_CONTENT.test(name)) {
      response.removeHeader(name);
    }
  }
  response.status(problem.status).set({
    'Content-Type': 'application/problem+json; charset=utf-8',
    'Content-Length': String(body.length),
    'Cache-Control': 'no-store',
    ...(error.retryAfter !== undefined && { 'Retry-After': String(error.retryAfter) }),
    ...error.headers,
  });
  const isBodyPending = !request.complete && !request.destroyed;
  if (!isBodyPending || request.method === 'HEAD') {
    response.end(request.method === 'HEAD' ? undefined : body);
    return;
  }
  linger(request, response, body);
}

/**
 * Sends the answer at once but closes only when the client has stopped sending: closing a socket
 * with unread bytes resets it, and the client might lose the answer.
 */
function linger(request: Request, response: Response, body: Buffer): void {
  response.set('Connection', 'close');
  response.write(body);
  const end = (): void => {
    clearTimeout(timer);
    if (!response.writableEnded) response.end();
    if (!request.complete) request.destroy();
  };
  const timer = setTimeout(end, LINGER_MS);
  request.once('end', end).once('close', end).once('error', end);
  request.unpipe();
  request.resume();
}
