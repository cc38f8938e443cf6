import {
  ADMIN_PERMISSIONS,
  PERMISSIONS,
  type Permission,
} from '../../core/contracts/principal.contract.js';

/** Whoever has a credential may ask who they are. */
const ALWAYS: readonly Permission[] = ['profile:read'];

/** What a credential with these scopes permits its user. */
export function permissionsOf(
  isAdmin: boolean,
  scopes: readonly Permission[] | null,
): ReadonlySet<Permission> {
  const asked = new Set<Permission>([...(scopes ?? PERMISSIONS), ...ALWAYS]);
  return new Set(
    PERMISSIONS.filter((one) => asked.has(one) && (isAdmin || !ADMIN_PERMISSIONS.has(one))),
  );
}
