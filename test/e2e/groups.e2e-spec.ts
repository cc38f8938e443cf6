import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Api } from '../support/api.js';
import { startTestApp, type TestApp } from '../support/app.js';
import { auditOf, type AuditRow } from '../support/audit.js';
import { listed, peopleApi, send, sent } from '../support/people.js';
import { expectProblem } from '../support/problems.js';

interface Group {
  id: string;
  name: string;
  description: string;
}

let app: TestApp;
let people: ReturnType<typeof peopleApi>;
let audited: () => Promise<AuditRow[]>;
let ada: Api;
let bob: Api;
beforeAll(async () => {
  app = await startTestApp();
  people = peopleApi(app);
  audited = auditOf(app);
  ada = await people.caller('ada', {}, { displayName: 'Ada' });
  bob = await people.caller('bob');
});
afterAll(() => app.stop());

const make = (name: string, more = {}): Promise<Group> =>
  sent(201, app, 'POST', '/v1/groups', { name, ...more });
const member = (method: 'PUT' | 'DELETE', group: string, user: string, api: Api = app) =>
  api.fetch(`/v1/groups/${group}/members/${user}`, { method });
const groupsOf = async (api: Api) =>
  (await api.json<{ groups: Group[] }>(200, '/v1/me')).groups.map(({ name }) => name);

describe('A group', () => {
  it('is made, found by id and name, edited, and removed', async () => {
    await audited();
    const made = await make('climate', { description: 'Stations' });
    const read = await app.fetch('/v1/groups/climate');
    expect(await read.json()).toEqual(made);
    expect(await app.json(200, `/v1/groups/${made.id}`)).toEqual(made);
    const headers = { 'If-Match': read.headers.get('etag') as string };
    const edited = await send(app, 'PATCH', '/v1/groups/climate', { name: 'weather' }, headers);
    expect(await edited.json()).toEqual({ ...made, name: 'weather' });
    const stale = await send(app, 'PATCH', '/v1/groups/weather', { name: 'x' }, headers);
    await expectProblem(stale, 412, 'etag-mismatch');
    const again = await send(app, 'PATCH', '/v1/groups/weather', { name: 'weather' });
    expect(again.status).toBe(200);
    const remove = () => app.fetch('/v1/groups/weather', { method: 'DELETE' });
    expect((await remove()).status).toBe(204);
    await expectProblem(await remove(), 404, 'group-not-found');
    expect(await audited()).toMatchObject([
      { action: 'group.create', actor: 'admin', targets: [`group:${made.id}`] },
      { action: 'group.update', details: { name: 'weather' } },
      { action: 'group.delete' },
    ]);
  });

  it('has a name of its own, and one that can be told from an id', async () => {
    await make('taken');
    await make('other');
    const twice = await send(app, 'POST', '/v1/groups', { name: 'taken' });
    await expectProblem(twice, 409, 'group-name-taken');
    const renamed = await send(app, 'PATCH', '/v1/groups/other', { name: 'taken' });
    await expectProblem(renamed, 409, 'group-name-taken');
    for (const name of ['Upper', 'a b', '', '01a20ed1-0acd-765a-aaa5-15c08cde0dc7', null]) {
      const refused = await send(app, 'POST', '/v1/groups', { name });
      await expectProblem(refused, 400, 'validation-failed');
    }
  });

  it('is made once under one Idempotency-Key', async () => {
    const headers = { 'Idempotency-Key': 'one-group' };
    const first = await send(app, 'POST', '/v1/groups', { name: 'once' }, headers);
    const again = await send(app, 'POST', '/v1/groups', { name: 'once' }, headers);
    expect([first.status, again.status]).toEqual([201, 201]);
    expect(await again.json()).toEqual(await first.json());
  });
});

describe('A member', () => {
  it('comes and goes, counted from the answer on', async () => {
    const group = await make('team');
    expect(await groupsOf(ada)).toEqual([]);
    await audited();
    expect((await member('PUT', 'team', 'ada')).status).toBe(204);
    expect((await member('PUT', 'team', 'ada')).status).toBe(204);
    expect(await groupsOf(ada)).toEqual(['team']);
    expect((await member('DELETE', group.id, 'ada')).status).toBe(204);
    expect((await member('DELETE', group.id, 'ada')).status).toBe(204);
    expect(await groupsOf(ada)).toEqual([]);
    const rows = await audited();
    expect(rows).toMatchObject([
      { action: 'group-member.add', details: { group: 'team', user: 'ada' } },
      { action: 'group-member.remove' },
    ]);
    expect(rows[0]?.targets).toEqual([`group:${group.id}`, expect.stringMatching(/^user:/)]);
    await expectProblem(await member('PUT', 'team', 'nobody'), 404, 'user-not-found');
    await expectProblem(await member('PUT', 'no-team', 'ada'), 404, 'group-not-found');
  });

  it('sees the group and who is in it; others see none of it', async () => {
    await make('inner');
    await make('outer');
    await member('PUT', 'inner', 'ada');
    await member('PUT', 'inner', 'admin');
    const members = '/v1/groups/inner/members?limit=1';
    const seen = await listed<{ name: string; displayName: string }>(ada, members);
    expect(seen.map(({ name, displayName }) => [name, displayName])).toEqual([
      ['ada', 'Ada'],
      ['admin', ''],
    ]);
    const names = async (api: Api) =>
      (await listed<Group>(api, '/v1/groups?limit=1')).map(({ name }) => name);
    expect(await names(ada)).toEqual(['inner']);
    expect(await names(bob)).toEqual([]);
    expect(await names(app)).toEqual(expect.arrayContaining(['inner', 'outer']));
    const answers = [];
    for (const path of ['inner', 'inner/members', 'none', 'none/members']) {
      const { instance: _, ...problem } = await expectProblem(
        await bob.fetch(`/v1/groups/${path}`),
        404,
        'group-not-found',
      );
      answers.push(JSON.stringify(problem));
    }
    expect(new Set(answers).size).toBe(1);
    await expectProblem(await ada.fetch('/v1/groups/outer'), 404, 'group-not-found');
  });

  it('changes nothing without being an admin', async () => {
    await make('fixed');
    await member('PUT', 'fixed', 'ada');
    await expectProblem(await member('PUT', 'fixed', 'bob', ada), 403, 'forbidden');
    await expectProblem(await member('DELETE', 'fixed', 'ada', ada), 403, 'forbidden');
    await expectProblem(await send(ada, 'POST', '/v1/groups', { name: 'x' }), 403, 'forbidden');
    const edit = await send(ada, 'PATCH', '/v1/groups/fixed', { description: 'x' });
    await expectProblem(edit, 403, 'forbidden');
    const remove = await ada.fetch('/v1/groups/fixed', { method: 'DELETE' });
    await expectProblem(remove, 403, 'forbidden');
  });

  it('is none any more when the group or the user is gone', async () => {
    await make('brief');
    await member('PUT', 'brief', 'bob');
    expect(await groupsOf(bob)).toEqual(['brief']);
    await app.fetch('/v1/groups/brief', { method: 'DELETE' });
    expect(await groupsOf(bob)).toEqual([]);
    await make('lasting');
    await people.user('gone');
    await member('PUT', 'lasting', 'gone');
    await app.fetch('/v1/users/gone', { method: 'DELETE' });
    expect(await listed(app, '/v1/groups/lasting/members?limit=1')).toEqual([]);
  });
});
