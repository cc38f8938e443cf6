import type { PrincipalId } from './ids.js';

/** Whoever a request acts for, as the guard found it. */
export interface Principal {
  id: PrincipalId;
  name: string;
  /** An admin may read every file and use every route. */
  isAdmin: boolean;
}

export const PRINCIPAL_AUTHENTICATOR = Symbol('IPrincipalAuthenticator');

/** Turns a presented credential into a principal. */
export interface IPrincipalAuthenticator {
  /** The principal of this API key, or `null` when the key is unknown. Never throws on a malformed key. */
  authenticate(apiKey: string): Promise<Principal | null>;
}
