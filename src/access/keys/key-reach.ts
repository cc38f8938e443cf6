import type { Permission } from '../../core/contracts/principal.contract.js';
import { KeyExceedsCallerError } from '../access.errors.js';

/** What a key permits, and for how long. */
export interface KeyReach {
  /** `null`: all that its user may do. */
  scopes: Permission[] | null;
  /** `null`: it does not end. */
  expiresAt: Date | null;
}

/** Not a key: nothing that it makes can outreach it but by what its user may not do. */
export const UNLIMITED: KeyReach = { scopes: null, expiresAt: null };

/**
 * What a new key is to reach; where that is not said, as far as the key that makes it.
 * @param own what the calling key reaches
 * @param permitted what the caller may do with it
 * @throws KeyExceedsCallerError when it would permit more, or longer
 */
export function reachOfNew(
  asked: Partial<KeyReach>,
  own: KeyReach,
  permitted: ReadonlySet<Permission>,
): KeyReach {
  const { scopes = own.scopes, expiresAt = own.expiresAt } = asked;
  const beyond = scopes?.filter((scope) => !permitted.has(scope)) ?? [];
  if (beyond.length > 0) {
    throw new KeyExceedsCallerError(`The key that makes it does not permit ${beyond.join(', ')}.`);
  }
  refuseBeyond({ scopes, expiresAt }, own);
  return { scopes: scopes && [...new Set(scopes)], expiresAt };
}

/**
 * What the successor of a key is to reach: what that one does, and so long unless it is said.
 * @throws KeyExceedsCallerError when that is more, or longer, than the calling key does
 */
export function reachOfSuccessor(
  old: KeyReach,
  asked: Pick<Partial<KeyReach>, 'expiresAt'>,
  own: KeyReach,
): KeyReach {
  const { expiresAt = old.expiresAt } = asked;
  const beyond = own.scopes && old.scopes?.filter((scope) => !own.scopes?.includes(scope));
  if (beyond && beyond.length > 0) {
    throw new KeyExceedsCallerError(`The calling key does not permit ${beyond.join(', ')}.`);
  }
  refuseBeyond({ scopes: old.scopes, expiresAt }, own);
  return { scopes: old.scopes, expiresAt };
}

function refuseBeyond(reach: KeyReach, own: KeyReach): void {
  if (reach.scopes === null && own.scopes !== null) {
    throw new KeyExceedsCallerError('The calling key has scopes, and makes none without them.');
  }
  if (own.expiresAt === null) return;
  if (reach.expiresAt === null || reach.expiresAt > own.expiresAt) {
    throw new KeyExceedsCallerError(
      `The calling key ends at ${own.expiresAt.toISOString()}, and makes none that lasts longer.`,
    );
  }
}
