import { createHash } from 'node:crypto';
import { Inject, Injectable, type NestMiddleware } from '@nestjs/common';
import type { NextFunction, Request, Response } from 'express';
import { LRUCache } from 'lru-cache';
import { ENV, type Env } from '../../core/config/config.js';
import { addressKey } from './address-key.js';
import { announce } from './rate-limit-headers.js';
import { RateLimiter } from './rate-limiter.service.js';

/** As long as a window: so long after the last stranger no address can be over its limit. */
const WATCH_MS = 60_000;
const TRUST_MS = 600_000;

/** Where a guard looks at credentials, and tells of those that are worth nothing. */
const GUARDED = /^\/(?:v1\/|metrics(?:[?]|$))/;

/** Probes must not be told to come back later. */
const UNLIMITED = /^\/health\//;

/**
 * Counts requests that show no valid credential, by address: those without any at once, those with one
 * when it turns out to be worth nothing. An address over its limit is refused before the database is
 * asked whose key it shows; but a key that was good here lately is let through, so that nobody is locked
 * out by a stranger behind the same address.
 */
@Injectable()
export class AddressLimitMiddleware implements NestMiddleware {
  private watchUntil = 0;
  /** Digests of credentials that were good. */
  private readonly trusted = new LRUCache<string, true>({ max: 10_000, ttl: TRUST_MS });

  constructor(
    @Inject(ENV) private readonly env: Pick<Env, 'RATE_LIMIT_PER_ADDRESS'>,
    private readonly limiter: RateLimiter,
  ) {}

  use(request: Request, response: Response, next: NextFunction): void {
    if (this.env.RATE_LIMIT_PER_ADDRESS === 0 || UNLIMITED.test(request.url)) next();
    else if (request.headers.authorization === undefined || !GUARDED.test(request.url)) {
      this.count(request, response).then(() => next(), next);
    } else {
      response.once('finish', () => this.countUnguarded(request, response));
      if (this.isWatching) this.refuseKnown(request, response, next);
      else next();
    }
  }

  /** Counts a credential that was worth nothing. @throws RateLimitedError */
  async countFailure(request: Request): Promise<void> {
    const { authorization } = request.headers;
    // Without a credential it was counted when it came.
    if (this.env.RATE_LIMIT_PER_ADDRESS === 0 || authorization === undefined) return;
    this.trusted.delete(digestOf(authorization));
    await this.count(request, request.res as Response);
  }

  /** Notes that the credential of this request is good. */
  noteSuccess({ headers: { authorization } }: Request): void {
    if (authorization !== undefined) {
      this.trusted.set(digestOf(authorization), true);
    }
  }

  private get isWatching(): boolean {
    return performance.now() < this.watchUntil;
  }

  /** No guard has looked at the credential where there is no route: it is worth nothing, if not known. */
  private countUnguarded(request: Request, response: Response): void {
    const { authorization = '' } = request.headers;
    if (response.statusCode !== 404 || request.principal) return;
    if (this.trusted.has(digestOf(authorization))) return;
    this.watchUntil = performance.now() + WATCH_MS;
    void this.limiter.take(subjectOf(request), this.env.RATE_LIMIT_PER_ADDRESS);
  }

  private async count(request: Request, response: Response): Promise<void> {
    this.watchUntil = performance.now() + WATCH_MS;
    const taken = this.limiter.take(subjectOf(request), this.env.RATE_LIMIT_PER_ADDRESS);
    const decision = taken instanceof Promise ? await taken : taken;
    if (decision) announce(response, 'address', decision);
  }

  private refuseKnown(request: Request, response: Response, next: NextFunction): void {
    const refusal = this.limiter.refusalOf(subjectOf(request), this.env.RATE_LIMIT_PER_ADDRESS);
    const { authorization = '' } = request.headers;
    if (!refusal || this.trusted.has(digestOf(authorization))) {
      next();
      return;
    }
    try {
      announce(response, 'address', refusal);
    } catch (error) {
      next(error);
    }
  }
}

/** `request.ip` obeys TRUST_PROXY_HOPS; what a proxy has put there may be no address. */
const subjectOf = (request: Request): string =>
  `address:${addressKey(request.ip) ?? addressKey(request.socket.remoteAddress) ?? 'unknown'}`;

const digestOf = (authorization: string): string =>
  createHash('sha256').update(authorization).digest('base64');
