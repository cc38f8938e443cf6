import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { Repository } from 'typeorm';
import type { Permission } from '../../core/contracts/principal.contract.js';
import { ApiKeyRecord } from '../entities/api-key.entity.js';

/** A key that lets somebody in. */
export interface KnownKey {
  /** The user's. */
  id: string;
  name: string;
  isAdmin: boolean;
  groupIds: string[];
  keyId: string;
  keyHash: Buffer;
  /** `null`: all that the user may do. */
  scopes: Permission[] | null;
  expiresAt: Date | null;
}

/** Reads whom a key stands for. */
@Injectable()
export class KnownKeysRepository {
  constructor(@InjectRepository(ApiKeyRecord) private readonly keys: Repository<ApiKeyRecord>) {}

  /** Whom a key that is neither revoked nor expired lets in; nobody when the user is disabled. */
  async find(keyHash: Buffer): Promise<KnownKey | null> {
    const [row] = (await this.keys.query(
      `SELECT u.id, u.name, u.is_admin AS "isAdmin", k.id AS "keyId", k.key_hash AS "keyHash",
              k.scopes, k.expires_at AS "expiresAt",
              ARRAY(SELECT m.group_id FROM group_members m WHERE m.user_id = u.id) AS "groupIds"
       FROM api_keys k JOIN users u ON u.id = k.user_id
       WHERE k.key_hash = $1 AND k.revoked_at IS NULL AND u.disabled_at IS NULL
         AND (k.expires_at IS NULL OR k.expires_at > now())`,
      [keyHash],
    )) as KnownKey[];
    return row ?? null;
  }
}
