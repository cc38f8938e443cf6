import { Injectable, type NestMiddleware } from '@nestjs/common';
import type { NextFunction, Request, Response } from 'express';
import { Metrics } from './metrics.js';

@Injectable()
export class RequestMetricsMiddleware implements NestMiddleware {
  constructor(private readonly metrics: Metrics) {}

  use(request: Request, response: Response, next: NextFunction): void {
    const end = this.metrics.requestSeconds.startTimer({ method: request.method });
    response.once('close', () => {
      // The pattern and not the path: ids would make a series each.
      const route = (request.route as { path?: string } | undefined)?.path ?? 'unknown';
      end({ route, status: response.statusCode });
    });
    next();
  }
}
