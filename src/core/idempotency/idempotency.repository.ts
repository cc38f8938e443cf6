import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { Repository } from 'typeorm';
import { managerOf, type Transaction } from '../database/index.js';
import { IdempotencyRecord } from './idempotency-record.entity.js';

/** Whose key it is, and for what. */
export interface IdempotencyScope {
  principalId: string;
  /** Method and path pattern: `POST /v1/files`. */
  route: string;
  key: string;
}

export interface RecordedResponse {
  digest: string;
  status: number;
  body: unknown;
}

@Injectable()
export class IdempotencyRepository {
  constructor(
    @InjectRepository(IdempotencyRecord) private readonly records: Repository<IdempotencyRecord>,
  ) {}

  /** Takes the key when it is new, expired, or claimed by a request that died. */
  async claim(scope: IdempotencyScope, claimId: string, leaseSeconds: number): Promise<boolean> {
    const rows = (await this.records.query(
      `INSERT INTO idempotency_records AS r
         (principal_id, route, key, claim_id, claimed_until, expires_at)
       VALUES ($1, $2, $3, $4, now() + make_interval(secs => $5), now() + interval '24 hours')
       ON CONFLICT (principal_id, route, key) DO UPDATE
       SET claim_id = EXCLUDED.claim_id, claimed_until = EXCLUDED.claimed_until,
           request_digest = NULL, status = NULL, body = NULL, expires_at = EXCLUDED.expires_at
       WHERE r.expires_at < now() OR (r.status IS NULL AND r.claimed_until < now())
       RETURNING 1`,
      [scope.principalId, scope.route, scope.key, claimId, leaseSeconds],
    )) as unknown[];
    return rows.length > 0;
  }

  async findResponse(scope: IdempotencyScope): Promise<RecordedResponse | null> {
    const [row] = (await this.records.query(
      `SELECT request_digest AS digest, status, body FROM idempotency_records
       WHERE principal_id = $1 AND route = $2 AND key = $3 AND status IS NOT NULL
         AND expires_at >= now()`,
      [scope.principalId, scope.route, scope.key],
    )) as RecordedResponse[];
    return row ?? null;
  }

  async renew(claimId: string, scope: IdempotencyScope, leaseSeconds: number): Promise<void> {
    await this.records.query(
      `UPDATE idempotency_records SET claimed_until = now() + make_interval(secs => $5)
       WHERE principal_id = $1 AND route = $2 AND key = $3 AND claim_id = $4 AND status IS NULL`,
      [scope.principalId, scope.route, scope.key, claimId, leaseSeconds],
    );
  }

  /** Records the answer with the change it answers for. `false`: the claim was taken over. */
  async complete(
    tx: Transaction,
    claimId: string,
    scope: IdempotencyScope,
    response: RecordedResponse,
  ): Promise<boolean> {
    const [, count] = (await managerOf(tx).query(
      `UPDATE idempotency_records SET request_digest = $5, status = $6, body = $7
       WHERE principal_id = $1 AND route = $2 AND key = $3 AND claim_id = $4 AND status IS NULL`,
      [
        scope.principalId,
        scope.route,
        scope.key,
        claimId,
        response.digest,
        response.status,
        JSON.stringify(response.body),
      ],
    )) as [unknown, number];
    return count === 1;
  }

  /** Gives an unanswered claim up, so that a repeat need not wait for its end. */
  async release(claimId: string, scope: IdempotencyScope): Promise<void> {
    await this.records.query(
      `DELETE FROM idempotency_records
       WHERE principal_id = $1 AND route = $2 AND key = $3 AND claim_id = $4 AND status IS NULL`,
      [scope.principalId, scope.route, scope.key, claimId],
    );
  }

  async removeExpired(): Promise<void> {
    await this.records.query('DELETE FROM idempotency_records WHERE expires_at < now()');
  }
}
