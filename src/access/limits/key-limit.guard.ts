import { Inject, Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import type { Request, Response } from 'express';
import { ENV, type Env } from '../../core/config/config.js';
import type { Principal } from '../../core/contracts/principal.contract.js';
import { AddressLimitMiddleware } from './address-limit.middleware.js';
import { announce } from './rate-limit-headers.js';
import { RateLimiter, type RateDecision } from './rate-limiter.service.js';

/** Counts the requests of each key, when the guard before it has found out whose it is. */
@Injectable()
export class KeyLimitGuard implements CanActivate {
  constructor(
    @Inject(ENV) private readonly env: Pick<Env, 'RATE_LIMIT_PER_KEY'>,
    private readonly limiter: RateLimiter,
    private readonly addresses: AddressLimitMiddleware,
  ) {}

  canActivate(context: ExecutionContext): boolean | Promise<boolean> {
    const http = context.switchToHttp();
    const request = http.getRequest<Request>();
    // Of a public route.
    if (!request.principal) return true;
    this.addresses.noteSuccess(request);
    const limit = this.env.RATE_LIMIT_PER_KEY;
    if (limit === 0) return true;
    const taken = this.limiter.take(subjectOf(request.principal), limit);
    const response = http.getResponse<Response>();
    return taken instanceof Promise
      ? taken.then((decision) => allow(response, decision))
      : allow(response, taken);
  }
}

/** @throws RateLimitedError */
function allow(response: Response, decision: RateDecision | null): true {
  if (decision) announce(response, 'key', decision);
  return true;
}

const subjectOf = ({ keyId, id }: Principal): string =>
  keyId === null ? `user:${id}` : `key:${keyId}`;
