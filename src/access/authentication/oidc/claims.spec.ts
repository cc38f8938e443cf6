import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { NAME } from '../../names.js';
import { claimsOf, nameOf } from './claims.js';

const SETTINGS = { OIDC_NAME_CLAIM: 'nick' };
const BASE = { iss: 'https://id.example.org', sub: 's', exp: 100 };

describe('The claims of a token', () => {
  it.each([
    ['Ada', 'ada'],
    ['Ada Lovelace', 'ada-lovelace'],
    ['ada@example.org', 'ada@example.org'],
    ['ÀÉÎ', 'aei'],
    ['  ', 'user'],
    ['世界', 'user'],
    ['', 'user'],
    ['x'.repeat(200), 'x'.repeat(90)],
    ['01a20ed1-0acd-765a-aaa5-15c08cde0dc7', 'user'],
    [undefined, 'user'],
    [{ toString: 'x' }, 'user'],
  ])('%j names a user %s', (claim, name) => {
    expect(nameOf(claim)).toBe(name);
  });

  it('name a user as users may be called, whatever they are', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (claim) => {
        const name = nameOf(claim);
        expect(name).toMatch(NAME);
        expect(`${name}-100`).toMatch(NAME);
      }),
      { seed: 6 },
    );
  });

  it.each([
    ['no issuer', { iss: undefined }],
    ['no end', { exp: undefined }],
    ['no subject', { sub: undefined }],
    ['an empty subject', { sub: '' }],
    ['a subject that is no text', { sub: 5 }],
    ['a subject that is too long', { sub: 'x'.repeat(256) }],
    ['a subject that cannot be stored', { sub: '\ud800' }],
  ])('with %s name nobody', (_what, claims) => {
    expect(claimsOf({ ...BASE, ...claims }, SETTINGS)).toBeNull();
  });

  it('say nothing of groups and admins unless they are asked', () => {
    const payload = { ...BASE, groups: ['admins'] };
    expect(claimsOf(payload, SETTINGS)).toMatchObject({ groups: null, isAdmin: null });
    const asked = { ...SETTINGS, OIDC_GROUPS_CLAIM: 'groups' };
    expect(claimsOf(payload, asked)).toMatchObject({ groups: ['admins'], isAdmin: null });
    const all = { ...asked, OIDC_ADMIN_GROUP: 'admins' };
    expect(claimsOf(payload, all)).toMatchObject({ isAdmin: true });
    expect(claimsOf(BASE, all)).toMatchObject({ groups: [], isAdmin: false });
    expect(claimsOf({ ...BASE, groups: 'admins' }, all)).toMatchObject({ isAdmin: true });
    expect(claimsOf({ ...BASE, groups: [1, 'a\u0000', 'b'] }, all)).toMatchObject({
      groups: ['b'],
    });
  });
});
