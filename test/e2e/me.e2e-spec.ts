import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import {
  FILE_REFERENCES,
  type IFileReferences,
} from '../../src/core/contracts/file-references.contract.js';
import { ADMIN_PERMISSIONS, PERMISSIONS } from '../../src/core/contracts/principal.contract.js';
import { startTestApp, type TestApp } from '../support/app.js';
import { addCaller } from '../support/callers.js';
import { datasetsApi, put } from '../support/datasets.js';
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

describe('A quota that is set while something is on its way', () => {
  const ADDITIONS = ['an upload', 'a commit to a dataset of the user by another'] as const;

  it.each(ADDITIONS)('counts it: %s', async (addition) => {
    const user = await addCaller(app, `quota-${ADDITIONS.indexOf(addition)}`);
    const owned = await datasetsApi(user).create({ name: addition });
    const fileId = await datasetsApi(app).upload(randomBytes(5_000));
    const references = app.app.get<IFileReferences>(FILE_REFERENCES, { strict: false });
    const [begun, gate] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const admit = references.admit.bind(references);
    const halted = jest.spyOn(references, 'admit').mockImplementationOnce(async (...args) => {
      await admit(...args);
      begun.resolve();
      await gate.promise;
    });
    const added =
      addition === 'an upload'
        ? user.upload(randomBytes(5_000))
        : datasetsApi(app).tryCommit(owned.id, { changes: [put('a.csv', fileId)] });
    await begun.promise;
    halted.mockRestore();
    let isSet = false;
    const set = app.database
      .query('UPDATE users SET quota_bytes = 10000 WHERE id = $1', [user.userId])
      .then(() => (isSet = true));
    while (!isSet && !(await isAwaited())) await delay(10);
    // Counted, if the quota is set: without what is on its way.
    expect((await user.upload(randomBytes(10))).status).toBe(201);
    gate.resolve();
    expect((await added).status).toBe(201);
    await set;
    await expectProblem(await user.upload(randomBytes(6_000)), 507, 'quota-exceeded');
  });

  const isAwaited = async (): Promise<boolean> =>
    (
      await app.database.query(
        `SELECT 1 FROM pg_stat_activity WHERE datname = current_database()
           AND wait_event_type = 'Lock' AND query LIKE 'UPDATE users SET quota_bytes%'`,
      )
    ).length > 0;
});
