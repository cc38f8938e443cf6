import { timingSafeEqual } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { EVERYONE, type IPrincipalAuthenticator } from '../../core/contracts/principal.contract.js';
import { hashApiKey, isPlausibleApiKey } from '../keys/api-key.js';
import { KeyUses } from '../keys/key-uses.service.js';
import { KnownKeysRepository, type KnownKey } from './known-keys.repository.js';
import { KnownPrincipals, type Identified } from './known-principals.service.js';
import { permissionsOf } from './permissions-of.js';

/** Lets in whoever shows a key that is neither revoked nor expired. */
@Injectable()
export class ApiKeyAuthenticator implements IPrincipalAuthenticator {
  constructor(
    private readonly known: KnownPrincipals,
    private readonly keys: KnownKeysRepository,
    private readonly uses: KeyUses,
  ) {}

  async authenticate(apiKey: string): Promise<Identified | null> {
    if (!isPlausibleApiKey(apiKey)) return null;
    const hash = hashApiKey(apiKey);
    const principal = await this.known.of(hash, async () => {
      const key = await this.keys.find(hash);
      // The database has compared them already; this comparison's time does not depend on where
      // they differ, so the answer rests on one that tells nothing.
      return key && timingSafeEqual(key.keyHash, hash) ? principalOf(key) : null;
    });
    if (principal?.keyId) this.uses.note(principal.keyId);
    return principal;
  }
}

const principalOf = ({ groupIds, scopes, keyHash: _, ...key }: KnownKey): Identified => ({
  ...key,
  subjects: [key.id, ...groupIds, EVERYONE],
  permissions: permissionsOf(key.isAdmin, scopes),
});
