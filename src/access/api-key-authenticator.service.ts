import { Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import {
  EVERYONE,
  type IPrincipalAuthenticator,
  type Principal,
} from '../core/contracts/principal.contract.js';
import { permissionsOf } from './permissions-of.js';
import { hashApiKey, isPlausibleApiKey } from './api-key.js';
import { ApiKeysRepository, type KnownKey } from './api-keys.repository.js';

type Identified = Omit<Principal, 'requestId'>;

/** So long a key that was changed is still known as it was, in each process. */
const REMEMBERED_MS = 5_000;

@Injectable()
export class ApiKeyAuthenticator implements IPrincipalAuthenticator {
  /** By the hash, so that no key stays in memory. Unknown keys are asked for again each time. */
  private readonly known = new LRUCache<string, Identified>({ max: 10_000, ttl: REMEMBERED_MS });

  constructor(private readonly keys: ApiKeysRepository) {}

  async authenticate(apiKey: string): Promise<Identified | null> {
    if (!isPlausibleApiKey(apiKey)) return null;
    const hash = hashApiKey(apiKey);
    const remembered = this.known.get(hash.toString('base64'));
    if (remembered) return remembered;
    const key = await this.keys.findPrincipal(hash);
    if (!key) return null;
    const principal = principalOf(key);
    this.known.set(hash.toString('base64'), principal);
    return principal;
  }
}

const principalOf = ({ groupIds, scopes, ...key }: KnownKey): Identified => ({
  ...key,
  subjects: [key.id, ...groupIds, EVERYONE],
  permissions: permissionsOf(key.isAdmin, scopes),
});
