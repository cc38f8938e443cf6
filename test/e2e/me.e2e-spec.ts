import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ADMIN_PERMISSIONS, PERMISSIONS } from '../../src/core/contracts/principal.contract.js';
import { startTestApp, type TestApp } from '../support/app.js';
import { peopleApi } from '../support/people.js';
import { expectProblem } from '../support/problems.js';

let app: TestApp;
beforeAll(async () => {
  app = await startTestApp();
});
afterAll(() => app.stop());

describe('GET /v1/me', () => {
  it('says who the admin is', async () => {
    expect(await app.json(200, '/v1/me')).toEqual({
      user: { id: expect.any(String), name: 'admin', displayName: '', isAdmin: true },
      groups: [],
      key: { id: expect.any(String), name: 'admin', hint: null, scopes: null, expiresAt: null },
      expiresAt: null,
      permissions: [...PERMISSIONS],
      quota: { quotaBytes: null, usedBytes: 0, files: 0 },
    });
  });

  it('says what a key permits a member, whatever its scopes', async () => {
    const people = peopleApi(app);
    await people.user('ada', { displayName: 'Ada' });
    await app.fetch('/v1/groups', {
      method: 'POST',
      body: '{"name":"team"}',
      headers: { 'Content-Type': 'application/json' },
    });
    await app.fetch('/v1/groups/team/members/ada', { method: 'PUT' });
    const expiresAt = new Date(Date.now() + 60_000).toISOString();
    const scopes = ['files:read', 'users:write'];
    const limited = await people.key({ userId: 'ada', name: 'mine', scopes, expiresAt });
    expect(await people.as(limited.key).json(200, '/v1/me')).toMatchObject({
      user: { name: 'ada', displayName: 'Ada', isAdmin: false },
      groups: [{ id: expect.any(String), name: 'team' }],
      key: { id: limited.id, name: 'mine', hint: limited.hint, scopes, expiresAt },
      expiresAt,
      permissions: ['files:read', 'profile:read'],
    });
    const { key } = await people.key({ userId: 'ada' });
    expect(await people.as(key).json(200, '/v1/me')).toMatchObject({
      permissions: PERMISSIONS.filter((permission) => !ADMIN_PERMISSIONS.has(permission)),
    });
  });

  it('says nothing to whoever shows no key', async () => {
    const response = await fetch(new URL('/v1/me', app.url));
    await expectProblem(response, 401, 'unauthenticated');
  });
});
