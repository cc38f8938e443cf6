import { randomUUID } from 'node:crypto';
import {
  EVERYONE,
  PERMISSIONS,
  type Principal,
} from '../../src/core/contracts/principal.contract.js';

/** A caller for tests that ask services themselves: a stranger unless it says otherwise. */
export function principal(given: Partial<Principal> = {}): Principal {
  const id = given.id ?? randomUUID();
  return {
    id,
    name: 'stranger',
    isAdmin: false,
    subjects: [id, EVERYONE],
    permissions: new Set(PERMISSIONS),
    keyId: null,
    expiresAt: null,
    requestId: null,
    ...given,
  };
}
