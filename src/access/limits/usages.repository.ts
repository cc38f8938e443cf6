import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import { managerOf, type Transaction } from '../../core/database/index.js';
import type { CountedBytes, QuotaKind } from './quotas.repository.js';

/** What was counted of what somebody keeps. */
export interface KnownUsage extends CountedBytes {
  /** What it is at most by now; equal to `usedBytes` when nothing was let in since. */
  atMost: number;
  /** Counted within the last five seconds, and nothing was given up since: good enough to refuse by. */
  isRecent: boolean;
}

/** Where a count begins. */
interface CountStart {
  epoch: string;
  added: string;
  givenUp: number;
}

/** How long a count is good enough to refuse by, where nothing has told that something was given up. */
export const RECENT_SECONDS = 5;

const KNOWN = `u.used_bytes::float8 AS "usedBytes", u.files,
  (u.used_bytes + u.added - u.added_before)::float8 AS "atMost",
  u.given_up = u.given_up_before
    AND u.counted_at > clock_timestamp() - interval '${RECENT_SECONDS} seconds' AS "isRecent"`;

const knownOf = ([row]: (KnownUsage | { usedBytes: null })[]): KnownUsage | null =>
  row && row.usedBytes !== null ? row : null;

/** What is known of usage, by whom it is of. */
@Injectable()
export class UsagesRepository {
  constructor(@InjectDataSource() private readonly database: DataSource) {}

  /** Nobody else adds to what this one keeps until the commit: datasets first, then users. */
  async lock(tx: Transaction, kind: QuotaKind, id: string): Promise<KnownUsage | null> {
    return knownOf(
      (await managerOf(tx).query(
        `INSERT INTO quota_usages AS u (owner_type, owner_id) VALUES ($1, $2)
         ON CONFLICT (owner_type, owner_id) DO UPDATE SET added = u.added RETURNING ${KNOWN}`,
        [kind, id],
      )) as KnownUsage[],
    );
  }

  /** Under `lock`. */
  async add(tx: Transaction, kind: QuotaKind, id: string, bytes: number): Promise<void> {
    await managerOf(tx).query(
      'UPDATE quota_usages SET added = added + $3 WHERE owner_type = $1 AND owner_id = $2',
      [kind, id, bytes],
    );
  }

  async find(kind: QuotaKind, id: string): Promise<KnownUsage | null> {
    return knownOf(
      (await this.database.query(
        `SELECT ${KNOWN} FROM quota_usages u WHERE owner_type = $1 AND owner_id = $2`,
        [kind, id],
      )) as KnownUsage[],
    );
  }

  /** That something was given up: what was counted before is no reason to refuse. */
  async markGivenUp(kind: QuotaKind, id: string): Promise<void> {
    await this.database.query(
      'UPDATE quota_usages SET given_up = given_up + 1 WHERE owner_type = $1 AND owner_id = $2',
      [kind, id],
    );
  }

  /**
   * To be called before a count. What is let in between the two is in the count and in what came since it,
   * so that too much is known, never too little.
   */
  async begin(kind: QuotaKind, id: string): Promise<CountStart | null> {
    await this.database.query(
      'INSERT INTO quota_usages (owner_type, owner_id) VALUES ($1, $2) ON CONFLICT DO NOTHING',
      [kind, id],
    );
    const [start] = (await this.database.query(
      `SELECT epoch, added, given_up AS "givenUp" FROM quota_usages
       WHERE owner_type = $1 AND owner_id = $2`,
      [kind, id],
    )) as CountStart[];
    return start ?? null;
  }

  /** Keeps what was counted since `start`, unless it was forgotten meanwhile. Waits for the lock. */
  async keep(
    { kind, id }: { kind: QuotaKind; id: string },
    start: CountStart,
    counted: CountedBytes,
  ): Promise<void> {
    await this.database.query(
      `UPDATE quota_usages SET used_bytes = $4, files = $5, added_before = $6, given_up_before = $7,
         counted_at = clock_timestamp()
       WHERE owner_type = $1 AND owner_id = $2 AND epoch = $3`,
      [kind, id, start.epoch, counted.usedBytes, counted.files, start.added, start.givenUp],
    );
  }

  /** Has everything counted anew. */
  async forgetAll(): Promise<void> {
    await this.database.query('DELETE FROM quota_usages');
  }
}
