import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { EVERYONE, type IPrincipalAuthenticator } from '../../core/contracts/principal.contract.js';
import type { Claims } from './oidc/claims.js';
import type { TokenUser } from './oidc/token-users.repository.js';
import { TokenUsers } from './oidc/token-users.service.js';
import { TokenVerifier } from './oidc/token-verifier.service.js';
import { KnownPrincipals, type Identified } from './known-principals.service.js';
import { permissionsOf } from './permissions-of.js';

/** Lets in whom a token of the configured identity provider stands for. */
@Injectable()
export class TokenAuthenticator implements IPrincipalAuthenticator {
  constructor(
    private readonly known: KnownPrincipals,
    private readonly verifier: TokenVerifier,
    private readonly users: TokenUsers,
  ) {}

  /** @throws IdentityProviderUnavailableError */
  async authenticate(token: string): Promise<Identified | null> {
    const hash = createHash('sha256').update(token).digest();
    return await this.known.of(hash, async () => {
      const claims = await this.verifier.verify(token);
      const user = claims && (await this.users.of(claims));
      return user && !user.disabledAt ? principalOf(user, claims) : null;
    });
  }
}

const principalOf = (user: TokenUser, { expiresAt }: Claims): Identified => ({
  id: user.id,
  name: user.name,
  isAdmin: user.isAdmin,
  subjects: [user.id, ...user.groupIds, EVERYONE],
  permissions: permissionsOf(user.isAdmin, null),
  keyId: null,
  expiresAt,
});
