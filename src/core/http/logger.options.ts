import type { Response } from 'express';
import type { Params } from 'nestjs-pino';
import type { Env } from '../config/config.js';
import { REFUSED } from './problems/problem.filter.js';
import { redactUrl } from './redact-url.js';

/**
 * Structured logs, one line a request, under the id that `assignRequestId` has given it. Headers are
 * not logged: they hold the key. One that somebody has put into the URL is left out.
 */
export const loggerOptions = (env: Env): Params => ({
  pinoHttp: {
    level: env.LOG_LEVEL,
    serializers: {
      req: ({ id, method, url }: { id: string; method: string; url: string }) => ({
        id: redactUrl(id, env.STRATUM_BOOTSTRAP_KEY),
        method,
        url: redactUrl(url, env.STRATUM_BOOTSTRAP_KEY),
      }),
      res: ({ statusCode }: { statusCode: number }) => ({ statusCode }),
    },
    autoLogging: { ignore: (request) => request.url?.startsWith('/health/') ?? false },
    customLogLevel: (_request, response, error) => {
      const { locals } = response as Partial<Response>;
      if (locals?.[REFUSED]) return 'info';
      return error || response.statusCode >= 500 ? 'error' : 'info';
    },
  },
});
