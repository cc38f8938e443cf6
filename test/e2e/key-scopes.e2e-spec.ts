import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startTestApp, type TestApp } from '../support/app.js';
import { datasetsApi, put } from '../support/datasets.js';
import { expectProblem } from '../support/problems.js';
import { addKey, addUser, type TestUser } from '../support/users.js';

let app: TestApp;
let ada: TestUser;
let strangers: number;
beforeAll(async () => {
  app = await startTestApp();
  ada = await addUser(app, 'ada', { isAdmin: true });
  strangers = await datasetsApi(await addUser(app, 'bob')).upload('a secret of bob', 'b.txt');
});
afterAll(() => app.stop());

/** What she may do with a key of these scopes. */
const withScopes = async (...scopes: string[]) =>
  datasetsApi(await addKey(app, ada.id, { scopes }));

describe('A key that may write datasets', () => {
  it('makes none public without grants:write', async () => {
    const narrow = await withScopes('datasets:write');
    const dataset = { name: 'For everybody', visibility: 'public' };
    await expectProblem(await narrow.json('POST', '/v1/datasets', dataset), 403, 'forbidden');
    const wide = await withScopes('datasets:write', 'grants:write');
    expect((await wide.json('POST', '/v1/datasets', dataset)).status).toBe(201);
    expect((await narrow.json('POST', '/v1/datasets', { name: 'Hers' })).status).toBe(201);
  });

  it('takes files that its user has brought, and others only if it may read', async () => {
    const own = await datasetsApi(ada).upload('her own', 'a.txt');
    const narrow = await withScopes('datasets:write');
    const { id } = await narrow.create({
      name: 'Of a narrow key',
      files: [{ path: 'a', fileId: own }],
    });
    const commit = `/v1/datasets/${id}/versions`;
    const changes = [put('b', strangers)];
    await expectProblem(
      await narrow.json('POST', commit, { message: 'More', changes }),
      404,
      'file-not-found',
    );
    const wide = await withScopes('datasets:write', 'files:read');
    expect((await wide.json('POST', commit, { message: 'More', changes })).status).toBe(201);
  });
});
