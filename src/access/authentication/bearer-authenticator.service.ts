import { Injectable } from '@nestjs/common';
import type { IPrincipalAuthenticator } from '../../core/contracts/principal.contract.js';
import { ApiKeyAuthenticator } from './api-key-authenticator.service.js';
import type { Identified } from './known-principals.service.js';
import { TokenAuthenticator } from './token-authenticator.service.js';

/** Three parts in base64url: no key has a dot. */
const JWT = /^[\w-]+\.[\w-]+\.[\w-]*$/;

/** Whatever comes as a bearer credential: an API key, or a token of the configured issuer. */
@Injectable()
export class BearerAuthenticator implements IPrincipalAuthenticator {
  constructor(
    private readonly keys: ApiKeyAuthenticator,
    private readonly tokens: TokenAuthenticator,
  ) {}

  async authenticate(credential: string): Promise<Identified | null> {
    return await (JWT.test(credential) ? this.tokens : this.keys).authenticate(credential);
  }
}
