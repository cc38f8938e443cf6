import type { PrincipalId } from './ids.js';

/** What a route lets its caller do. A key names those that it permits, as its scopes. */
export const PERMISSIONS = [
  'files:read',
  'files:write',
  'datasets:read',
  'datasets:write',
  'jobs:read',
  'jobs:write',
  'grants:read',
  'grants:write',
  'keys:read',
  'keys:write',
  'users:read',
  'users:write',
  'groups:read',
  'groups:write',
  'quotas:write',
  'audit:read',
  'metrics:read',
  'storage:manage',
  'profile:read',
] as const;

export type Permission = (typeof PERMISSIONS)[number];

/** What only an admin of the installation may do, whatever the key says. */
export const ADMIN_PERMISSIONS: ReadonlySet<Permission> = new Set<Permission>([
  'users:write',
  'groups:write',
  'quotas:write',
  'audit:read',
  'metrics:read',
  'storage:manage',
]);

/** What one may do with a dataset; each role may do what the one before it may. */
export const DATASET_ROLES = ['reader', 'writer', 'admin'] as const;

export type DatasetRole = (typeof DATASET_ROLES)[number];

/** A subject of grants that stands for whoever has a key: what is public is granted to it. */
export const EVERYONE = '00000000-0000-0000-0000-000000000000';

/** Whoever a request acts for, as the guard found it. */
export interface Principal {
  /** The user's. */
  id: PrincipalId;
  name: string;
  /** An admin of the installation may read every file and has every role on every dataset. */
  isAdmin: boolean;
  /** Whom a grant may be given to so that it is this caller's: the user, the user's groups, everyone. */
  subjects: readonly string[];
  /** What the credential permits this user. */
  permissions: ReadonlySet<Permission>;
  /** The API key that was shown; `null`: another credential, or the service itself. */
  keyId: string | null;
  /** When the credential ends; `null`: never. */
  expiresAt: Date | null;
  /** Names the request in logs, problems and the audit log. */
  requestId: string | null;
}

export const PRINCIPAL_AUTHENTICATOR = Symbol('IPrincipalAuthenticator');

/** Turns a presented credential into a principal. */
export interface IPrincipalAuthenticator {
  /**
   * The principal of this bearer credential, or `null` when it is unknown, expired, revoked, or its
   * user is disabled. Never throws on a malformed one.
   * @throws IdentityProviderUnavailableError when a token can't be checked
   */
  authenticate(credential: string): Promise<Omit<Principal, 'requestId'> | null>;
}
