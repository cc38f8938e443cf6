import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { TokenUsersRepository } from '../../src/access/authentication/oidc/token-users.repository.js';
import { GroupsService } from '../../src/access/groups/groups.service.js';
import { UsersRepository } from '../../src/access/users/users.repository.js';
import { createApi, type Api } from '../support/api.js';
import { startTestApp, type TestApp } from '../support/app.js';
import { auditOf } from '../support/audit.js';
import { AUDIENCE, IdentityProvider } from '../support/identity-provider.js';
import { makeKey, peopleApi, send, type ApiKey, type User } from '../support/people.js';
import { expectProblem } from '../support/problems.js';

interface Me {
  user: User & { isAdmin: boolean; displayName: string };
  groups: { name: string }[];
  key: unknown;
  expiresAt: string | null;
  permissions: string[];
}

let provider: IdentityProvider;
let app: TestApp;
beforeAll(async () => {
  provider = await IdentityProvider.start();
  app = await startTestApp({
    OIDC_ISSUER: provider.issuer,
    OIDC_AUDIENCE: AUDIENCE,
    OIDC_GROUPS_CLAIM: 'groups',
    OIDC_ADMIN_GROUP: 'stratum-admins',
  });
  for (const name of ['climate', 'ocean']) await send(app, 'POST', '/v1/groups', { name });
});
afterEach(() => {
  jest.restoreAllMocks();
});
afterAll(async () => {
  await app.stop();
  await provider.stop();
});

const as = (token: string): Api => createApi(app.url, token);
const ask = (token: string) => as(token).fetch('/v1/me');
const me = (token: string): Promise<Me> => as(token).json(200, '/v1/me');
const seconds = (from: number) => Math.floor(Date.now() / 1000) + from;
/** As if so much time had passed, for what goes by the clock. */
const later = (milliseconds: number) => {
  const now = Date.now;
  jest.spyOn(Date, 'now').mockImplementation(() => now() + milliseconds);
};

describe('A token of the identity provider', () => {
  it('lets in a user who is made at first sight', async () => {
    const audited = auditOf(app);
    await audited();
    const exp = seconds(200);
    const token = await provider.token({
      sub: 'ada-1',
      exp,
      preferred_username: 'Ada.Lovelace@Example.org',
      name: 'Ada Lovelace',
      groups: ['climate', 'unknown'],
    });
    const seen = await me(token);
    expect(seen).toMatchObject({
      user: { name: 'ada.lovelace@example.org', displayName: 'Ada Lovelace', isAdmin: false },
      groups: [{ name: 'climate' }],
      key: null,
      expiresAt: new Date(exp * 1000).toISOString(),
    });
    expect(seen.permissions).not.toContain('users:write');
    const user = await app.json<User>(200, `/v1/users/${seen.user.id}`);
    expect(user).toMatchObject({ issuer: provider.issuer, disabled: false });
    expect(await audited()).toMatchObject([
      { action: 'user.create', actor: null, targets: [`user:${user.id}`] },
      { action: 'user.update', actor: null },
    ]);
    // The same user with another token, and nothing to change.
    expect(
      (await me(await provider.token({ sub: 'ada-1', groups: ['climate'], name: 'Ada Lovelace' })))
        .user.id,
    ).toBe(user.id);
    expect(await audited()).toEqual([]);
  });

  it('makes one user, however many of its requests come first', async () => {
    const tokens = await Promise.all(
      Array.from({ length: 8 }, (_, jti) =>
        provider.token({ sub: 'many', preferred_username: 'many', jti: String(jti) }),
      ),
    );
    const ids = (await Promise.all(tokens.map(me))).map(({ user }) => user.id);
    expect(new Set(ids).size).toBe(1);
  });

  it('takes over nobody’s name', async () => {
    const people = peopleApi(app);
    await people.user('grace');
    const names = [];
    for (const sub of ['g-1', 'g-2']) {
      const token = await provider.token({ sub, preferred_username: 'grace' });
      names.push((await me(token)).user.name);
    }
    const admin = await provider.token({ sub: 'not-the-admin', preferred_username: 'admin' });
    const { user } = await me(admin);
    expect([...names, user.name, user.isAdmin]).toEqual(['grace-2', 'grace-3', 'admin-2', false]);
    const odd = await provider.token({ sub: 'odd', preferred_username: '../Ünïcödé name' });
    expect((await me(odd)).user.name).toBe('..-unicode-name');
    expect((await me(await provider.token({ sub: 'nameless' }))).user.name).toBe('user');
  });

  it('keeps groups and admins as the newest one says', async () => {
    const token = (groups: unknown, iat: number) =>
      provider.token({ sub: 'moving', preferred_username: 'moving', groups, iat });
    const groupsOf = async (each: string) => (await me(each)).groups.map(({ name }) => name);
    const iat = seconds(-60);
    const first = await token(['climate', 'stratum-admins'], iat);
    expect([await groupsOf(first), (await me(first)).user.isAdmin]).toEqual([['climate'], true]);
    await app.fetch('/v1/groups/ocean/members/moving', { method: 'PUT' });
    const second = await token([], iat + 1);
    // What an admin has said stays.
    expect([await groupsOf(second), (await me(second)).user.isAdmin]).toEqual([['ocean'], false]);
    // An older one is still good, and changes nothing back.
    expect([await groupsOf(first), (await me(first)).user.isAdmin]).toEqual([['ocean'], false]);
    expect(await groupsOf(await token('climate', iat + 2))).toEqual(['climate', 'ocean']);
  });

  it('and a change of members at the same time wait for each other, in no circle', async () => {
    const token = (groups: string[], jti: string) =>
      provider.token({ sub: 'circle', preferred_username: 'circle', groups, jti });
    await me(await token([], '1'));
    const groups = app.app.get(GroupsService, { strict: false });
    const tokens = app.app.get(TokenUsersRepository, { strict: false });
    const [locked, gate] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const lock = groups.lock.bind(groups);
    const locks = jest.spyOn(groups, 'lock').mockImplementation(async (...args) => {
      const group = await lock(...args);
      locked.resolve();
      await gate.promise;
      return group;
    });
    const joins = jest.spyOn(tokens, 'join');
    const attempts = jest.spyOn(app.app.get(UsersRepository, { strict: false }), 'lockAll');
    const added = app.fetch('/v1/groups/climate/members/circle', { method: 'PUT' });
    await locked.promise;
    const claimed = me(await token(['climate'], '2'));
    // It has its user by now, and waits for the group.
    while (joins.mock.calls.length === 0) await delay(5);
    gate.resolve();
    expect((await added).status).toBe(204);
    expect((await claimed).groups.map(({ name }) => name)).toEqual(['climate']);
    // Each in one attempt: PostgreSQL has ended none for a deadlock.
    expect([locks.mock.calls.length, attempts.mock.calls.length]).toEqual([1, 1]);
  });

  it('leaves the last admin one, and says nothing of it', async () => {
    const token = (groups: string[], jti: string) =>
      provider.token({ sub: 'root', preferred_username: 'root', groups, jti });
    await me(await token(['stratum-admins'], '1'));
    await app.database.query(`UPDATE users SET disabled_at = now() WHERE name <> 'root'`);
    const audited = auditOf(app);
    await audited();
    for (const jti of ['2', '3']) expect((await me(await token([], jti))).user.isAdmin).toBe(true);
    expect(await audited()).toEqual([]);
    await app.database.query('UPDATE users SET disabled_at = NULL');
    expect((await me(await token([], '4'))).user.isAdmin).toBe(false);
    expect(await audited()).toMatchObject([{ action: 'user.update', actor: null }]);
  });

  it('lets nobody in as a disabled user', async () => {
    const token = await provider.token({ sub: 'disabled', preferred_username: 'disabled' });
    await me(token);
    await send(app, 'PATCH', '/v1/users/disabled', { disabled: true });
    await expectProblem(await ask(token), 401, 'unauthenticated');
    await send(app, 'PATCH', '/v1/users/disabled', { disabled: false });
    await me(token);
  });

  it('makes API keys that last', async () => {
    const token = await provider.token({ sub: 'maker', preferred_username: 'maker' });
    const made = (await (await makeKey(as(token), {})).json()) as ApiKey;
    expect(made).toMatchObject({ scopes: null, expiresAt: null });
    expect((await me(made.key)).user.name).toBe('maker');
  });

  it('ends with its time, give or take what clocks differ by', async () => {
    const token = await provider.token({ sub: 'brief', exp: seconds(-3) });
    await me(token);
    const start = Date.now();
    while ((await ask(token)).status === 200) await delay(50);
    expect(Date.now() - start).toBeLessThan(4_000);
  });
});

describe('A token is refused', () => {
  it.each<[string, () => Promise<string> | string]>([
    ['of another audience', () => provider.token({ aud: 'another' })],
    ['of no audience', () => provider.token({ aud: undefined })],
    ['of another issuer', () => provider.token({ iss: 'https://id.example.org' })],
    ['of an issuer that is nearly ours', () => provider.token({ iss: `${provider.issuer}/` })],
    ['of no issuer', () => provider.token({ iss: undefined })],
    ['of nobody', () => provider.token({ sub: undefined })],
    ['of nobody by name', () => provider.token({ sub: '' })],
    ['of a subject that cannot be kept', () => provider.token({ sub: 'a\u0000b' })],
    ['that has expired', () => provider.token({ exp: seconds(-10) })],
    ['that never expires', () => provider.token({ exp: undefined })],
    ['that is not good yet', () => provider.token({ nbf: seconds(60) })],
    ['without a signature', () => provider.unsigned()],
    ['signed by the public key', () => provider.signedByPublicKey()],
    [
      'that was changed',
      async () =>
        (await provider.token()).replace(/\.(.)/, (_, c: string) => `.${c === 'e' ? 'f' : 'e'}`),
    ],
    ['with a broken signature', async () => `${(await provider.token()).slice(0, -8)}AAAAAAAA`],
    ['that is none', () => 'a.b.c'],
    ['that is empty', () => '..'],
  ])('%s', async (_what, token) => {
    await expectProblem(await ask(await token()), 401, 'unauthenticated');
  });

  it('signed by a key that another has', async () => {
    const other = await IdentityProvider.start();
    const token = await other.token({ iss: provider.issuer, sub: 'forged' });
    await expectProblem(await ask(token), 401, 'unauthenticated');
    await other.stop();
    const [row] = await app.database.query(`SELECT 1 FROM users WHERE subject = 'forged'`);
    expect(row).toBeUndefined();
  });
});

describe('The keys of the provider', () => {
  it('are fetched again for one that is new, but not for each token that makes one up', async () => {
    await me(await provider.token({ sub: 'ada-1' }));
    const stray = await provider.addKey('stray', 'ES256');
    provider.withdraw('stray');
    const { fetches } = provider;
    for (let attempt = 0; attempt < 5; attempt += 1) {
      const token = await provider.token({ jti: String(attempt) }, stray);
      await expectProblem(await ask(token), 401, 'unauthenticated');
    }
    expect(provider.fetches - fetches).toBeLessThanOrEqual(1);

    await provider.addKey('second', 'ES256');
    provider.withdraw('first');
    later(6_000);
    expect((await me(await provider.token({ sub: 'rotated' }))).user.name).toMatch(/^user/);
    await expectProblem(
      await ask(await provider.token({ jti: 'stray' }, stray)),
      401,
      'unauthenticated',
    );
  });

  it('are missed when it is down, which is nobody’s fault who has a token', async () => {
    const down = await IdentityProvider.start();
    const settings = { OIDC_ISSUER: down.issuer, OIDC_AUDIENCE: AUDIENCE };
    const second = await startTestApp(settings);
    try {
      const request = async () =>
        await createApi(second.url, await down.token({ sub: 'patient' })).fetch('/v1/me');
      down.failure = 500;
      const problem = await request();
      expect(problem.headers.get('retry-after')).toBe('5');
      await expectProblem(problem, 503, 'identity-provider-unavailable');
      await down.stop();
      await expectProblem(await request(), 503, 'identity-provider-unavailable');
      // What does not depend on it goes on.
      expect((await second.fetch('/v1/me')).status).toBe(200);
      const other = await provider.token();
      await expectProblem(
        await createApi(second.url, other).fetch('/v1/me'),
        401,
        'unauthenticated',
      );
      await down.listen();
      down.failure = null;
      expect((await request()).status).toBe(200);
      // What is known already lasts: the provider need not be there for each request.
      down.failure = 500;
      expect((await request()).status).toBe(200);
    } finally {
      await second.stop();
      await down.stop();
    }
  });
});

describe('Without an identity provider', () => {
  it('a token is nothing that is known here', async () => {
    const plain = await startTestApp();
    try {
      const response = await createApi(plain.url, await provider.token()).fetch('/v1/me');
      await expectProblem(response, 401, 'unauthenticated');
    } finally {
      await plain.stop();
    }
  });
});
