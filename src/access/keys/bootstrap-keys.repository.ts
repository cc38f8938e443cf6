import { Injectable } from '@nestjs/common';
import { managerOf, type Transaction } from '../../core/database/index.js';

/** Serialises replicas that start for the first time at once. Any number nothing else locks. */
const BOOTSTRAP_LOCK = 0x737472_6b6579;

export interface BootstrapKeyRow {
  id: string;
  userId: string;
  keyHash: Buffer;
}

/** The one key that the operator sets or the first start makes. */
@Injectable()
export class BootstrapKeysRepository {
  async lock(tx: Transaction): Promise<void> {
    await managerOf(tx).query('SELECT pg_advisory_xact_lock($1)', [BOOTSTRAP_LOCK]);
  }

  async find(tx: Transaction): Promise<BootstrapKeyRow | null> {
    const [row] = (await managerOf(tx).query(
      `SELECT id, user_id AS "userId", key_hash AS "keyHash" FROM api_keys WHERE is_bootstrap`,
    )) as BootstrapKeyRow[];
    return row ?? null;
  }

  /** The first key of the first admin, who is made with it. */
  async insert(
    tx: Transaction,
    given: { id: string; name: string; keyHash: Buffer; hint: string | null },
  ): Promise<BootstrapKeyRow> {
    const [user] = (await managerOf(tx).query(
      `INSERT INTO users (name, is_admin) VALUES ($1, true)
       ON CONFLICT (name) DO UPDATE SET is_admin = true, disabled_at = NULL RETURNING id`,
      [given.name],
    )) as { id: string }[];
    const userId = user?.id as string;
    await managerOf(tx).query(
      `INSERT INTO api_keys (id, user_id, name, key_hash, hint, is_bootstrap)
       VALUES ($1, $2, $3, $4, $5, true)`,
      [given.id, userId, given.name, given.keyHash, given.hint],
    );
    return { id: given.id, userId, keyHash: given.keyHash };
  }

  /** Another key in its place, and its user an admin again who can get in: so the operator always can. */
  async replace(
    tx: Transaction,
    { id, userId }: BootstrapKeyRow,
    keyHash: Buffer,
    hint: string | null,
  ): Promise<void> {
    await managerOf(tx).query(
      `UPDATE api_keys SET key_hash = $2, hint = $3, revoked_at = NULL, expires_at = NULL, last_used_at = NULL
       WHERE id = $1`,
      [id, keyHash, hint],
    );
    await managerOf(tx).query(
      'UPDATE users SET is_admin = true, disabled_at = NULL WHERE id = $1',
      [userId],
    );
  }
}
