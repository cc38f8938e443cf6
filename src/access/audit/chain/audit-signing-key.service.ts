import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Inject, Injectable } from '@nestjs/common';
import { ENV, type Env } from '../../../core/config/config.js';
import {
  generateSigningKey,
  parseSigningKey,
  signingKeyOf,
  type SigningKey,
} from '../../../core/ed25519.js';
import { writeFileWhole } from '../../../core/write-file.js';

/**
 * The key that signs the audit log: AUDIT_SIGNING_KEY, else `audit-key` in the data folder, made at
 * first need. Replicas that have different keys work: each signs segments of its own, and
 * `audit:verify` has to be told to trust the others' keys.
 */
@Injectable()
export class AuditSigningKey {
  private key: Promise<SigningKey> | null = null;

  constructor(@Inject(ENV) private readonly env: Env) {}

  /**
   * Made when there is none yet: only under the lock of the chain, so that replicas that share the folder
   * and start at once make one.
   */
  get(): Promise<SigningKey> {
    this.key ??= this.load().catch((error: unknown) => {
      this.key = null;
      throw error;
    });
    return this.key;
  }

  private async load(): Promise<SigningKey> {
    const found = await findSigningKey(this.env);
    if (found) return found;
    const pem = generateSigningKey();
    await writeFileWhole(pathOf(this.env), pem);
    return keyIn(pathOf(this.env), pem);
  }
}

/** The key that is there; `null` when there is none. @throws when the file holds something else */
export async function findSigningKey(env: Env): Promise<SigningKey | null> {
  const given = env.AUDIT_SIGNING_KEY;
  if (given !== undefined) return keyIn('AUDIT_SIGNING_KEY', given);
  try {
    return keyIn(pathOf(env), await readFile(pathOf(env), 'utf8'));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

function keyIn(name: string, text: string): SigningKey {
  const key = parseSigningKey(text);
  if (!key) throw new Error(`${name} holds no Ed25519 private key.`);
  return signingKeyOf(key);
}

const pathOf = (env: Env): string => join(env.STRATUM_DATA_DIR, 'audit-key');
