import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { Repository } from 'typeorm';
import type { Permission } from '../core/contracts/principal.contract.js';
import { managerOf, type Transaction } from '../core/database/index.js';
import { ApiKeyRecord } from './entities/api-key.entity.js';

/** Serialises replicas that start for the first time at once. Any number nothing else locks. */
const BOOTSTRAP_LOCK = 0x737472_6b6579;

/** A key that lets somebody in. */
export interface KnownKey {
  id: string;
  name: string;
  isAdmin: boolean;
  groupIds: string[];
  keyId: string;
  /** `null`: all that the user may do. */
  scopes: Permission[] | null;
  expiresAt: Date | null;
}

@Injectable()
export class ApiKeysRepository {
  constructor(@InjectRepository(ApiKeyRecord) private readonly keys: Repository<ApiKeyRecord>) {}

  /** Whom a key that is neither revoked nor expired lets in; nobody when the user is disabled. */
  async findPrincipal(keyHash: Buffer): Promise<KnownKey | null> {
    const [row] = (await this.keys.query(
      `SELECT u.id, u.name, u.is_admin AS "isAdmin", k.id AS "keyId", k.scopes,
              k.expires_at AS "expiresAt",
              ARRAY(SELECT m.group_id FROM group_members m WHERE m.user_id = u.id) AS "groupIds"
       FROM api_keys k JOIN users u ON u.id = k.user_id
       WHERE k.key_hash = $1 AND k.revoked_at IS NULL AND u.disabled_at IS NULL
         AND (k.expires_at IS NULL OR k.expires_at > now())`,
      [keyHash],
    )) as KnownKey[];
    return row ?? null;
  }

  async lockBootstrap(tx: Transaction): Promise<void> {
    await managerOf(tx).query('SELECT pg_advisory_xact_lock($1)', [BOOTSTRAP_LOCK]);
  }

  /** Of the bootstrap key, when there is one. */
  async bootstrapHash(tx: Transaction): Promise<Buffer | null> {
    const [row] = (await managerOf(tx).query(
      'SELECT key_hash FROM api_keys WHERE is_bootstrap',
    )) as { key_hash: Buffer }[];
    return row?.key_hash ?? null;
  }

  /** The admin of this name with this key, in place of an earlier bootstrap key. */
  async saveBootstrapKey(tx: Transaction, name: string, keyHash: Buffer): Promise<void> {
    const [user] = (await managerOf(tx).query(
      `INSERT INTO users (name, is_admin) VALUES ($1, true)
       ON CONFLICT (name) DO UPDATE SET is_admin = true, disabled_at = NULL RETURNING id`,
      [name],
    )) as { id: string }[];
    await managerOf(tx).query(
      `INSERT INTO api_keys (user_id, name, key_hash, is_bootstrap) VALUES ($1, $2, $3, true)
       ON CONFLICT (is_bootstrap) WHERE is_bootstrap
       DO UPDATE SET key_hash = EXCLUDED.key_hash, user_id = EXCLUDED.user_id, revoked_at = NULL`,
      [user?.id, name, keyHash],
    );
  }
}
