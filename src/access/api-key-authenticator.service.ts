import { Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import type { IPrincipalAuthenticator, Principal } from '../core/contracts/principal.contract.js';
import { hashApiKey, isPlausibleApiKey } from './api-key.js';
import { ApiKeysRepository } from './api-keys.repository.js';

/** So long a key that was changed is still known as it was, in each process. */
const REMEMBERED_MS = 5_000;

@Injectable()
export class ApiKeyAuthenticator implements IPrincipalAuthenticator {
  /** By the hash, so that no key stays in memory. Unknown keys are asked for again each time. */
  private readonly known = new LRUCache<string, Principal>({ max: 10_000, ttl: REMEMBERED_MS });

  constructor(private readonly keys: ApiKeysRepository) {}

  async authenticate(apiKey: string): Promise<Principal | null> {
    if (!isPlausibleApiKey(apiKey)) return null;
    const hash = hashApiKey(apiKey);
    const remembered = this.known.get(hash.toString('base64'));
    if (remembered) return remembered;
    const principal = await this.keys.findPrincipal(hash);
    if (principal) this.known.set(hash.toString('base64'), principal);
    return principal;
  }
}
