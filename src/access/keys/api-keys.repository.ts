import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { Repository } from 'typeorm';
import type { Permission } from '../../core/contracts/principal.contract.js';
import { managerOf, type Transaction } from '../../core/database/index.js';
import { ApiKeyRecord } from '../entities/api-key.entity.js';

/** A key as its user may see it. */
export interface ApiKeyView {
  id: string;
  userId: string;
  name: string;
  hint: string | null;
  isBootstrap: boolean;
  /** `null`: all that the user may do. */
  scopes: Permission[] | null;
  expiresAt: Date | null;
  revokedAt: Date | null;
  lastUsedAt: Date | null;
  createdAt: Date;
}

export interface NewKeyRow extends Pick<
  ApiKeyView,
  'id' | 'userId' | 'name' | 'hint' | 'scopes' | 'expiresAt'
> {
  keyHash: Buffer;
}

const COLUMNS = `k.id, k.user_id AS "userId", k.name, k.hint, k.is_bootstrap AS "isBootstrap", k.scopes,
  k.expires_at AS "expiresAt", k.revoked_at AS "revokedAt", k.last_used_at AS "lastUsedAt",
  k.created_at AS "createdAt"`;

/** Keys, by user. Who may see and change which is the service's affair: `userId` `null` means any. */
@Injectable()
export class ApiKeysRepository {
  constructor(@InjectRepository(ApiKeyRecord) private readonly keys: Repository<ApiKeyRecord>) {}

  async find(id: string, userId: string | null): Promise<ApiKeyView | null> {
    const [row] = (await this.keys.query(
      `SELECT ${COLUMNS} FROM api_keys k WHERE k.id = $1 AND ($2::uuid IS NULL OR k.user_id = $2)`,
      [id, userId],
    )) as ApiKeyView[];
    return row ?? null;
  }

  /** Newest first: ids of keys grow with time. */
  async list(
    userId: string | null,
    page: { before: string | null; limit: number },
  ): Promise<ApiKeyView[]> {
    return (await this.keys.query(
      `SELECT ${COLUMNS} FROM api_keys k
       WHERE ($1::uuid IS NULL OR k.user_id = $1) AND ($2::uuid IS NULL OR k.id < $2)
       ORDER BY k.id DESC LIMIT $3`,
      [userId, page.before, page.limit],
    )) as ApiKeyView[];
  }

  /** As `find`, and nobody else changes it until the commit. */
  async lock(tx: Transaction, id: string, userId: string | null): Promise<ApiKeyView | null> {
    const [row] = (await managerOf(tx).query(
      `SELECT ${COLUMNS} FROM api_keys k
       WHERE k.id = $1 AND ($2::uuid IS NULL OR k.user_id = $2) FOR NO KEY UPDATE`,
      [id, userId],
    )) as ApiKeyView[];
    return row ?? null;
  }

  /** What a key that still lets in may do; it is not revoked before the commit. */
  async hold(
    tx: Transaction,
    id: string,
  ): Promise<Pick<ApiKeyView, 'scopes' | 'expiresAt'> | null> {
    const [row] = (await managerOf(tx).query(
      `SELECT k.scopes, k.expires_at AS "expiresAt" FROM api_keys k JOIN users u ON u.id = k.user_id
       WHERE k.id = $1 AND k.revoked_at IS NULL AND u.disabled_at IS NULL AND (k.expires_at IS NULL OR k.expires_at > now())
       FOR SHARE OF k`,
      [id],
    )) as Pick<ApiKeyView, 'scopes' | 'expiresAt'>[];
    return row ?? null;
  }

  async insert(tx: Transaction, key: NewKeyRow): Promise<ApiKeyView> {
    const [row] = (await managerOf(tx).query(
      `INSERT INTO api_keys AS k (id, user_id, name, key_hash, hint, scopes, expires_at)
       VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING ${COLUMNS}`,
      [key.id, key.userId, key.name, key.keyHash, key.hint, key.scopes, key.expiresAt],
    )) as ApiKeyView[];
    return row as ApiKeyView;
  }

  /** Ends it at once. */
  async revoke(tx: Transaction, id: string): Promise<void> {
    await managerOf(tx).query('UPDATE api_keys SET revoked_at = now() WHERE id = $1', [id]);
  }

  /** Ends it in so many seconds, if it does not end before. */
  async endIn(tx: Transaction, id: string, seconds: number): Promise<void> {
    await managerOf(tx).query(
      `UPDATE api_keys SET expires_at = least(expires_at, now() + make_interval(secs => $2))
       WHERE id = $1`,
      [id, seconds],
    );
  }

  /**
   * That they were used within the last minute. Rows that others are changing are passed over: of
   * two replicas that write the same keys, none waits for the other.
   */
  async markUsed(ids: readonly string[]): Promise<void> {
    await this.keys.query(
      `UPDATE api_keys SET last_used_at = now() WHERE id IN (
         SELECT id FROM api_keys WHERE id = ANY($1::uuid[])
           AND (last_used_at IS NULL OR last_used_at < now() - interval '55 seconds')
         FOR NO KEY UPDATE SKIP LOCKED)`,
      [ids],
    );
  }
}
