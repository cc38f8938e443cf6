import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { Repository } from 'typeorm';
import type { Principal } from '../core/contracts/principal.contract.js';
import { managerOf, type Transaction } from '../core/database/index.js';
import { ApiKeyRecord } from './entities/api-key.entity.js';

/** Serialises replicas that start for the first time at once. Any number nothing else locks. */
const BOOTSTRAP_LOCK = 0x737472_6b6579;

@Injectable()
export class ApiKeysRepository {
  constructor(@InjectRepository(ApiKeyRecord) private readonly keys: Repository<ApiKeyRecord>) {}

  async findPrincipal(keyHash: Buffer): Promise<Principal | null> {
    const [row] = (await this.keys.query(
      `SELECT p.id, p.name, p.is_admin AS "isAdmin"
       FROM api_keys k JOIN principals p ON p.id = k.principal_id WHERE k.key_hash = $1`,
      [keyHash],
    )) as Principal[];
    return row ?? null;
  }

  async lockBootstrap(tx: Transaction): Promise<void> {
    await managerOf(tx).query('SELECT pg_advisory_xact_lock($1)', [BOOTSTRAP_LOCK]);
  }

  async hashOf(tx: Transaction, name: string): Promise<Buffer | null> {
    const [row] = (await managerOf(tx).query('SELECT key_hash FROM api_keys WHERE name = $1', [
      name,
    ])) as { key_hash: Buffer }[];
    return row?.key_hash ?? null;
  }

  /** The admin of this name with this key, in place of an earlier key of the name. */
  async saveAdminKey(tx: Transaction, name: string, keyHash: Buffer): Promise<void> {
    const [principal] = (await managerOf(tx).query(
      `INSERT INTO principals (name, is_admin) VALUES ($1, true)
       ON CONFLICT (name) DO UPDATE SET is_admin = true RETURNING id`,
      [name],
    )) as { id: string }[];
    await managerOf(tx).query(
      `INSERT INTO api_keys (principal_id, name, key_hash) VALUES ($1, $2, $3)
       ON CONFLICT (name) DO UPDATE SET key_hash = EXCLUDED.key_hash`,
      [principal?.id, name, keyHash],
    );
  }
}
