import { beforeAll, describe, expect, it } from '@jest/globals';
import { Logger, type ArgumentsHost } from '@nestjs/common';
import type { Options } from 'pino-http';
import type { Env } from '../config/config.js';
import { AppError, type ErrorKind } from '../errors/app.error.js';
import { ProblemFilter } from './problems/problem.filter.js';
import { loggerOptions } from './logger.options.js';

class Failure extends AppError {
  readonly code = 'a-code';
  readonly title = 'A title';
  constructor(readonly kind: ErrorKind) {
    super('A detail.');
  }
}

/** At which level a request is logged that has failed so. */
function levelOf(kind: ErrorKind): string | undefined {
  const response = {
    locals: {},
    statusCode: 200,
    headersSent: false,
    getHeaderNames: () => [],
    status(code: number) {
      response.statusCode = code;
      return response;
    },
    set: () => response,
    end: () => response,
  };
  const request = { id: 'an-id', complete: true, method: 'POST' };
  const http = { getRequest: () => request, getResponse: () => response };
  new ProblemFilter().catch(new Failure(kind), {
    switchToHttp: () => http,
  } as unknown as ArgumentsHost);
  const { customLogLevel } = loggerOptions({ LOG_LEVEL: 'info' } as Env).pinoHttp as Options;
  return customLogLevel?.(request as never, response as never);
}

describe('The log of requests', () => {
  // Failures are logged for real.
  beforeAll(() => Logger.overrideLogger(false));

  it.each<[ErrorKind, string]>([
    ['over-quota', 'info'],
    ['out-of-space', 'error'],
    ['unavailable', 'error'],
    ['forbidden', 'info'],
  ])('has a failure of the kind %s at the level %s', (kind, level) => {
    expect(levelOf(kind)).toBe(level);
  });
});
