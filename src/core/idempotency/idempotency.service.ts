import { createHash, randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { Injectable, Logger, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { canonicalPieces } from '../canonical-json.js';
import type { Transaction } from '../database/index.js';
import {
  IdempotencyInProgressError,
  IdempotencyKeyReusedError,
  ValidationFailedError,
} from '../errors/http.errors.js';
import {
  IdempotencyRepository,
  type IdempotencyScope,
  type RecordedResponse,
} from './idempotency.repository.js';

const LEASE_SECONDS = 60;
const WAIT_MS = 30_000;
const PURGE_MS = 3_600_000;
const KEY = /^[\x21-\x7e]{1,255}$/;

/** The right to answer for one `Idempotency-Key`, or the answer that was given before. */
export interface IdempotencyClaim {
  /** The earlier answer, when there is one. @throws IdempotencyKeyReusedError for other content */
  replay(digest: string): unknown;
  /** Records the answer in the transaction of the change. @throws IdempotencyInProgressError */
  complete(tx: Transaction, digest: string, body: unknown): Promise<void>;
  /** Ends the claim; without `complete` a repeat may be carried out at once. Never throws. */
  release(): Promise<void>;
}

/** A request without a key: nothing is replayed, nothing recorded. */
const NO_CLAIM: IdempotencyClaim = {
  replay: () => undefined,
  complete: async () => undefined,
  release: async () => undefined,
};

/**
 * Makes a repeated POST safe: the answer is kept for 24 hours with the digest of its request, in
 * the transaction of the change itself, so there never is one without the other.
 */
@Injectable()
export class IdempotencyService implements OnModuleInit, OnApplicationShutdown {
  private readonly logger = new Logger(IdempotencyService.name);
  private purge: NodeJS.Timeout;

  constructor(private readonly records: IdempotencyRepository) {}

  onModuleInit(): void {
    this.purge = setInterval(() => {
      this.records.removeExpired().catch((error: unknown) => {
        this.logger.warn({ err: error }, 'Expired idempotency records were not removed.');
      });
    }, PURGE_MS);
    this.purge.unref();
  }

  onApplicationShutdown(): void {
    clearInterval(this.purge);
  }

  /**
   * Claims the key. While another request holds it this waits, without a connection, up to 30 s.
   * @throws ValidationFailedError for a key that is none, IdempotencyInProgressError
   */
  async claim(
    principalId: string,
    route: string,
    key: string | undefined,
  ): Promise<IdempotencyClaim> {
    if (key === undefined) return NO_CLAIM;
    if (!KEY.test(key)) {
      throw ValidationFailedError.of(
        'Idempotency-Key',
        'must be 1 to 255 visible ASCII characters',
      );
    }
    const scope = { principalId, route, key };
    const deadline = Date.now() + WAIT_MS;
    for (let pause = 20; ; pause = Math.min(pause * 2, 500)) {
      const claimId = randomUUID();
      if (await this.records.claim(scope, claimId, LEASE_SECONDS)) return this.hold(claimId, scope);
      const recorded = await this.records.findResponse(scope);
      if (recorded) return replayOf(recorded);
      if (Date.now() >= deadline) throw new IdempotencyInProgressError();
      await delay(pause);
    }
  }

  /**
   * Carries a request out, or gives the answer that it was given before under the same key.
   * @param request all that was asked; a repeat must ask the same
   * @param work is handed what records the answer, to be called in the transaction of the change
   * @throws IdempotencyKeyReusedError, IdempotencyInProgressError, and what `work` throws
   */
  async once<T>(
    scope: { principalId: string; route: string; key: string | undefined },
    request: object,
    work: (record: (tx: Transaction, answer: T) => Promise<void>) => Promise<T>,
  ): Promise<T> {
    const claim = await this.claim(scope.principalId, scope.route, scope.key);
    try {
      const digest = scope.key === undefined ? '' : await digestOf(request);
      const earlier = claim.replay(digest);
      if (earlier !== undefined) return JSON.parse(earlier as string) as T;
      // As text: the database would put the members of an object into another order.
      return await work((tx, answer) => claim.complete(tx, digest, JSON.stringify(answer)));
    } finally {
      await claim.release();
    }
  }

  private hold(claimId: string, scope: IdempotencyScope): IdempotencyClaim {
    const renewal = setInterval(
      () => {
        this.records.renew(claimId, scope, LEASE_SECONDS).catch((error: unknown) => {
          this.logger.warn({ err: error }, 'An idempotency claim was not renewed; trying again.');
        });
      },
      (LEASE_SECONDS * 1000) / 3,
    );
    renewal.unref();
    return {
      replay: () => undefined,
      complete: async (tx, digest, body) => {
        const response = { digest, status: 201, body };
        if (!(await this.records.complete(tx, claimId, scope, response))) {
          throw new IdempotencyInProgressError();
        }
      },
      release: async () => {
        clearInterval(renewal);
        await this.records.release(claimId, scope).catch(() => undefined);
      },
    };
  }
}

async function digestOf(request: object): Promise<string> {
  const hash = createHash('sha256');
  for await (const piece of canonicalPieces(request)) hash.update(piece);
  return hash.digest('hex');
}

const replayOf = (recorded: RecordedResponse): IdempotencyClaim => ({
  ...NO_CLAIM,
  replay: (digest) => {
    if (digest !== recorded.digest) throw new IdempotencyKeyReusedError();
    return recorded.body;
  },
});
