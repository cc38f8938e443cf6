import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { PERMISSIONS, type Permission } from '../../core/contracts/principal.contract.js';
import { KeyExceedsCallerError } from '../access.errors.js';
import { permissionsOf } from '../authentication/permissions-of.js';
import { reachOfNew, reachOfSuccessor, type KeyReach } from './key-reach.js';

const scopes = fc.option(fc.subarray([...PERMISSIONS]));
const moment = fc.option(fc.integer({ min: 1, max: 5 }).map((second) => new Date(second * 1000)));
const reach = fc.record({ scopes, expiresAt: moment });

const lasts = ({ expiresAt }: KeyReach): number => expiresAt?.getTime() ?? Infinity;

/** What a key permits, by the rule of the guard. */
const permitted = (isAdmin: boolean, { scopes: of }: KeyReach): ReadonlySet<Permission> =>
  permissionsOf(isAdmin, of);

/** The result, or `null` when it is refused. */
function attempt(work: () => KeyReach): KeyReach | null {
  try {
    return work();
  } catch (error) {
    expect(error).toBeInstanceOf(KeyExceedsCallerError);
    return null;
  }
}

describe('What a key can make', () => {
  it('never permits more, nor lasts longer, than the key that makes it', () => {
    fc.assert(
      fc.property(
        fc.record({ scopes, expiresAt: moment }, { requiredKeys: [] }),
        reach,
        fc.boolean(),
        (asked, own, isAdmin) => {
          const may = permitted(isAdmin, own);
          const made = attempt(() => reachOfNew(asked, own, may));
          if (!made) return;
          for (const isAdminLater of [isAdmin, true]) {
            const mayLater = permitted(isAdminLater, own);
            const all = [...permitted(isAdminLater, made)];
            expect(all.filter((one) => !mayLater.has(one))).toEqual([]);
          }
          expect(lasts(made)).toBeLessThanOrEqual(lasts(own));
        },
      ),
      { seed: 4 },
    );
  });

  it('nor does what takes the place of another', () => {
    fc.assert(
      fc.property(
        reach,
        fc.record({ expiresAt: moment }, { requiredKeys: [] }),
        reach,
        fc.boolean(),
        (old, asked, own, isAdmin) => {
          const made = attempt(() => reachOfSuccessor(old, asked, own));
          if (!made) return;
          expect(made.scopes).toEqual(old.scopes);
          const may = permitted(isAdmin, own);
          expect([...permitted(isAdmin, made)].filter((one) => !may.has(one))).toEqual([]);
          expect(lasts(made)).toBeLessThanOrEqual(lasts(own));
        },
      ),
      { seed: 5 },
    );
  });

  it('is by default what the key can do itself', () => {
    const own: KeyReach = { scopes: ['files:read'], expiresAt: new Date(1000) };
    expect(reachOfNew({}, own, permitted(false, own))).toEqual(own);
    const unlimited: KeyReach = { scopes: null, expiresAt: null };
    expect(reachOfNew({}, unlimited, permitted(false, unlimited))).toEqual(unlimited);
  });
});
