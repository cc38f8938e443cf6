import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createApi, type Api } from '../support/api.js';
import { startTestApp, type TestApp } from '../support/app.js';
import { auditOf, type AuditRow } from '../support/audit.js';
import { datasetsApi } from '../support/datasets.js';
import { listed, peopleApi, send, type User } from '../support/people.js';
import { expectProblem } from '../support/problems.js';

let app: TestApp;
let people: ReturnType<typeof peopleApi>;
let audited: () => Promise<AuditRow[]>;
beforeAll(async () => {
  app = await startTestApp();
  people = peopleApi(app);
  audited = auditOf(app);
});
afterAll(() => app.stop());

const status = async (api: Api) => (await api.fetch('/v1/me')).status;
const patch = (id: string, body: object, headers = {}, api: Api = app) =>
  send(api, 'PATCH', `/v1/users/${id}`, body, headers);
const remove = (id: string, api: Api = app) => api.fetch(`/v1/users/${id}`, { method: 'DELETE' });

describe('A user', () => {
  it('is made, found by id and name, edited, and removed', async () => {
    await audited();
    const ada = await people.user('ada@example.org', { displayName: 'Ada', quotaBytes: 5 });
    expect(ada).toMatchObject({
      name: 'ada@example.org',
      displayName: 'Ada',
      isAdmin: false,
      disabled: false,
      quotaBytes: 5,
      issuer: null,
    });
    const read = await app.fetch(`/v1/users/${ada.name}`);
    expect(await read.json()).toEqual(ada);
    expect(await app.json(200, `/v1/users/${ada.id.toUpperCase()}`)).toEqual(ada);

    const etag = read.headers.get('etag') as string;
    const edited = await patch(ada.id, { quotaBytes: null, name: 'ada' }, { 'If-Match': etag });
    expect(await edited.json()).toEqual({ ...ada, quotaBytes: null, name: 'ada' });
    expect(edited.headers.get('etag')).not.toBe(etag);
    const stale = await patch('ada', { displayName: 'A' }, { 'If-Match': etag });
    await expectProblem(stale, 412, 'etag-mismatch');
    expect((await patch('ada', { displayName: 'Ada' })).status).toBe(200);

    expect((await remove('ada')).status).toBe(204);
    await expectProblem(await app.fetch(`/v1/users/${ada.id}`), 404, 'user-not-found');
    await expectProblem(await remove('ada'), 404, 'user-not-found');
    const rows = await audited();
    expect(rows).toMatchObject([
      { action: 'user.create', actor: 'admin', targets: [`user:${ada.id}`] },
      { action: 'user.update', details: { name: 'ada' } },
      { action: 'user.delete' },
    ]);
  });

  it('is made once under one Idempotency-Key', async () => {
    const headers = { 'Idempotency-Key': 'one-user' };
    const first = await send(app, 'POST', '/v1/users', { name: 'once' }, headers);
    const again = await send(app, 'POST', '/v1/users', { name: 'once' }, headers);
    expect([first.status, again.status]).toEqual([201, 201]);
    expect(await again.json()).toEqual(await first.json());
    expect(first.headers.get('location')).toBe(again.headers.get('location'));
  });

  it('has a name of its own', async () => {
    await people.user('taken');
    await people.user('other');
    const made = await send(app, 'POST', '/v1/users', { name: 'taken' });
    await expectProblem(made, 409, 'user-name-taken');
    await expectProblem(await patch('other', { name: 'taken' }), 409, 'user-name-taken');
  });

  it.each([
    ['no name', {}],
    ['upper case', { name: 'Ada' }],
    ['a space', { name: 'a b' }],
    ['a slash', { name: 'a/b' }],
    ['an id for a name', { name: '01a20ed1-0acd-765a-aaa5-15c08cde0dc7' }],
    ['a long name', { name: 'x'.repeat(101) }],
    ['a long display name', { name: 'x', displayName: 'x'.repeat(201) }],
    ['a null for a flag', { name: 'x', isAdmin: null }],
    ['a quota below nothing', { name: 'x', quotaBytes: -1 }],
    ['a quota that no number holds', { name: 'x', quotaBytes: 2 ** 53 }],
    ['an unknown field', { name: 'x', issuer: 'https://id.example.org' }],
  ])('is not made with %s', async (_what, body) => {
    await expectProblem(await send(app, 'POST', '/v1/users', body), 400, 'validation-failed');
  });

  it('is listed by name', async () => {
    for (const name of ['l-3', 'l-1', 'l-2']) await people.user(name);
    const names = (await listed<User>(app, '/v1/users?limit=2')).map(({ name }) => name);
    expect(names).toEqual([...names].sort());
    expect(names.filter((name) => name.startsWith('l-'))).toEqual(['l-1', 'l-2', 'l-3']);
  });

  it('that is no admin sees itself alone, and changes nobody', async () => {
    const eve = await people.caller('eve');
    expect((await listed<User>(eve, '/v1/users?limit=1')).map(({ name }) => name)).toEqual(['eve']);
    expect(await eve.json(200, '/v1/users/eve')).toMatchObject({ name: 'eve' });
    const [unknown, others] = [
      await expectProblem(await eve.fetch('/v1/users/nobody'), 404, 'user-not-found'),
      await expectProblem(await eve.fetch('/v1/users/admin'), 404, 'user-not-found'),
    ];
    expect(others).toEqual({ ...unknown, instance: others.instance });
    const promote = await patch('eve', { isAdmin: true }, {}, eve);
    await expectProblem(promote, 403, 'forbidden');
    await expectProblem(await send(eve, 'POST', '/v1/users', { name: 'x' }), 403, 'forbidden');
    await expectProblem(await remove('eve', eve), 403, 'forbidden');
  });

  it('that is disabled is kept out at once, with every key, until it is not', async () => {
    const finn = await people.caller('finn');
    expect(await status(finn)).toBe(200);
    expect(await (await patch('finn', { disabled: true })).json()).toMatchObject({
      disabled: true,
    });
    expect(await status(finn)).toBe(401);
    await patch('finn', { disabled: false });
    expect(await status(finn)).toBe(200);
  });

  it('gains and loses what only admins may do at once', async () => {
    const gail = await people.caller('gail');
    const mayList = async () => (await listed<User>(gail, '/v1/users?limit=100')).length > 1;
    expect(await mayList()).toBe(false);
    await patch('gail', { isAdmin: true });
    expect(await mayList()).toBe(true);
    await patch('gail', { isAdmin: false });
    expect(await mayList()).toBe(false);
  });

  it('is made an admin, or no admin any more, by no key that has scopes', async () => {
    const scopes = ['users:read', 'users:write', 'keys:write'];
    const narrow = createApi(app.url, (await people.key({ scopes })).key);
    const hana = await people.user('hana');
    for (const refused of [
      await send(narrow, 'POST', '/v1/users', { name: 'mallory', isAdmin: true }),
      await patch('hana', { isAdmin: true }, {}, narrow),
    ]) {
      await expectProblem(refused, 403, 'forbidden');
    }
    await patch('hana', { isAdmin: true });
    await expectProblem(await patch('hana', { isAdmin: false }, {}, narrow), 403, 'forbidden');
    await expectProblem(await app.fetch('/v1/users/mallory'), 404, 'user-not-found');
    // What is said of it beside that is the key's to say.
    const edited = await patch(hana.id, { displayName: 'Hana', isAdmin: true }, {}, narrow);
    expect(await edited.json()).toMatchObject({ displayName: 'Hana', isAdmin: true });
    expect((await patch('hana', { isAdmin: false })).status).toBe(200);
  });

  it('that is removed takes its keys along', async () => {
    const hal = await people.caller('hal');
    expect(await status(hal)).toBe(200);
    expect((await remove('hal')).status).toBe(204);
    expect(await status(hal)).toBe(401);
  });

  it('stays while it owns something, and can be disabled', async () => {
    const ida = await people.caller('ida');
    const api = datasetsApi(ida);
    const fileId = await api.upload('of ida');
    const files = await expectProblem(await remove('ida'), 409, 'user-in-use');
    expect(files.detail).toContain('files');
    const { id } = await api.create({ name: 'Of Ida' });
    await ida.fetch(`/v1/files/${fileId}`, { method: 'DELETE' });
    const datasets = await expectProblem(await remove('ida'), 409, 'user-in-use');
    expect(datasets.detail).toMatch(/owns datasets\./);
    // What can be restored is still owned.
    expect((await ida.fetch(`/v1/datasets/${id}`, { method: 'DELETE' })).status).toBe(204);
    await expectProblem(await remove('ida'), 409, 'user-in-use');
    expect((await patch('ida', { disabled: true })).status).toBe(200);
    await app.database.query(`UPDATE datasets SET deleted_at = now() - interval '8 days'`);
    expect((await remove('ida')).status).toBe(204);
  });
});

describe('The last admin', () => {
  it('stays one, whoever asks at the same time', async () => {
    const jo = await people.caller('jo', {}, { isAdmin: true });
    await expectProblem(await patch('admin', { isAdmin: false }), 409, 'bootstrap-key');
    await expectProblem(await remove('admin', jo), 409, 'bootstrap-key');
    for (let round = 0; round < 4; round += 1) {
      const answers = await Promise.all([
        patch('admin', { disabled: true }, {}, jo),
        patch('jo', round % 2 === 0 ? { isAdmin: false } : { disabled: true }, {}, app),
      ]);
      const codes = await Promise.all(
        answers.map(async (answer) => ((await answer.json()) as { code?: string }).code ?? 'done'),
      );
      // Or the first one was through before the second had shown its key, or while it was let in.
      expect(['last-admin', 'unauthenticated', 'forbidden', 'user-not-found']).toContain(
        codes.find((code) => code !== 'done'),
      );
      expect(codes.filter((code) => code === 'done')).toHaveLength(1);
      await app.database.query(
        `UPDATE users SET disabled_at = NULL, is_admin = true WHERE name IN ('admin', 'jo')`,
      );
      // What was changed behind the service's back it learns within five seconds, or with any change.
      await app.database.query(`SELECT pg_notify('stratum_access', '*')`);
      while ((await status(jo)) !== 200 || (await status(app)) !== 200);
    }
  });

  it('is neither disabled nor demoted nor removed', async () => {
    const kim = await people.caller('kim', {}, { isAdmin: true });
    await app.database.query(
      `UPDATE users SET is_admin = false WHERE name NOT IN ('admin', 'kim')`,
    );
    expect((await patch('admin', { disabled: true }, {}, kim)).status).toBe(200);
    expect(await status(app)).toBe(401);
    await expectProblem(await patch('kim', { disabled: true }, {}, kim), 409, 'last-admin');
    await expectProblem(await patch('kim', { isAdmin: false }, {}, kim), 409, 'last-admin');
    await expectProblem(await remove('kim', kim), 409, 'last-admin');
    expect((await patch('admin', { disabled: false }, {}, kim)).status).toBe(200);
    expect(await status(app)).toBe(200);
  });
});
