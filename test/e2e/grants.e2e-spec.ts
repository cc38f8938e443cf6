import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Api } from '../support/api.js';
import { startTestApp, type TestApp } from '../support/app.js';
import { datasetsApi, type Dataset } from '../support/datasets.js';
import { expectProblem } from '../support/problems.js';
import { addUser, type TestUser } from '../support/users.js';

interface Grant {
  id: string;
  userId: string | null;
  groupId: string | null;
  name: string;
  role: string;
}

let app: TestApp;
let owner: TestUser;
let other: TestUser;
let member: TestUser;

beforeAll(async () => {
  app = await startTestApp();
  owner = await addUser(app, 'owner');
  other = await addUser(app, 'other');
  member = await addUser(app, 'member', { groups: ['team', 'idle'] });
});

afterAll(async () => app.stop());

const send = (api: Api, method: string, path: string, body?: unknown) =>
  datasetsApi(api).json(method, path, body);
const give = (api: Api, dataset: string, body: object) =>
  send(api, 'POST', `/v1/datasets/${dataset}/grants`, body);
const create = (body: object = {}): Promise<Dataset> =>
  datasetsApi(owner).create({ name: 'Shared', ...body });
const statusOf = async (api: Api, dataset: string): Promise<number> =>
  (await api.fetch(`/v1/datasets/${dataset}`)).status;

describe('A grant', () => {
  it('gives a user a role, by id or name, which can be changed and taken away', async () => {
    const { id } = await create();
    expect(await statusOf(other, id)).toBe(404);

    const made = await give(owner, id, { userId: other.id, role: 'reader' });
    expect(made.status).toBe(201);
    const grant = (await made.json()) as Grant;
    expect(grant).toEqual({
      id: expect.any(String),
      userId: other.id,
      groupId: null,
      name: 'other',
      role: 'reader',
      grantedBy: owner.id,
      createdAt: expect.any(String),
    });
    expect(await other.json(200, `/v1/datasets/${id}`)).toMatchObject({ role: 'reader' });

    const changed = await give(owner, id, { userId: 'OTHER', role: 'writer' });
    expect(changed.status).toBe(200);
    expect(await changed.json()).toMatchObject({ id: grant.id, role: 'writer' });
    expect(await other.json(200, `/v1/datasets/${id}`)).toMatchObject({ role: 'writer' });

    const path = `/v1/datasets/${id}/grants/${grant.id}`;
    expect((await send(owner, 'DELETE', path)).status).toBe(204);
    expect(await statusOf(other, id)).toBe(404);
    await expectProblem(await send(owner, 'DELETE', path), 404, 'grant-not-found');
  });

  it('to a group is its members’, and ends with the membership and with the group', async () => {
    const { id } = await create();
    expect((await give(owner, id, { groupId: 'team', role: 'writer' })).status).toBe(201);
    expect(await member.json(200, `/v1/datasets/${id}`)).toMatchObject({ role: 'writer' });
    expect(await statusOf(other, id)).toBe(404);
    await app.database.query(`DELETE FROM groups WHERE name = 'team'`);
    expect(await statusOf(member, id)).toBe(404);
    expect(await owner.json(200, `/v1/datasets/${id}/grants`)).toMatchObject({ items: [] });
  });

  it('of several counts by the highest', async () => {
    const { id } = await create({ visibility: 'public' });
    await give(owner, id, { groupId: 'idle', role: 'admin' });
    await give(owner, id, { userId: member.id, role: 'reader' });
    expect(await member.json(200, `/v1/datasets/${id}`)).toMatchObject({ role: 'admin' });
    expect(await other.json(200, `/v1/datasets/${id}`)).toMatchObject({ role: 'reader' });
    expect(await app.json(200, `/v1/datasets/${id}`)).toMatchObject({ role: 'admin' });
  });

  it('is made by admins of the dataset alone, and listed for them alone', async () => {
    const { id } = await create();
    await give(owner, id, { userId: other.id, role: 'writer' });
    const path = `/v1/datasets/${id}/grants`;
    await expectProblem(
      await give(other, id, { userId: 'member', role: 'reader' }),
      403,
      'forbidden',
    );
    await expectProblem(await other.fetch(path), 403, 'forbidden');
    await expectProblem(await member.fetch(path), 404, 'dataset-not-found');
    await expectProblem(
      await give(member, id, { userId: 'member', role: 'admin' }),
      404,
      'dataset-not-found',
    );
    await give(owner, id, { userId: other.id, role: 'admin' });
    expect((await give(other, id, { userId: 'member', role: 'reader' })).status).toBe(201);
    expect(await statusOf(member, id)).toBe(200);
  });

  it('needs a user or a group that is there, one of them, and a role', async () => {
    const { id } = await create();
    const refused = async (body: object, status: number, code: string) =>
      expectProblem(await give(owner, id, body), status, code);
    await refused({ role: 'reader' }, 400, 'validation-failed');
    await refused({ userId: 'other', groupId: 'idle', role: 'reader' }, 400, 'validation-failed');
    await refused({ userId: 'other', role: 'owner' }, 400, 'validation-failed');
    await refused({ userId: 'nobody', role: 'reader' }, 404, 'user-not-found');
    await refused({ userId: randomUUID(), role: 'reader' }, 404, 'user-not-found');
    await refused({ groupId: 'nobody', role: 'reader' }, 404, 'group-not-found');
    const [path, stranger] = [`/v1/datasets/${id}/grants`, await create()];
    const given = await give(owner, stranger.id, { userId: 'other', role: 'reader' });
    const { id: ofAnother } = (await given.json()) as Grant;
    for (const grantId of ['x', ofAnother]) {
      await expectProblem(
        await send(owner, 'DELETE', `${path}/${grantId}`),
        404,
        'grant-not-found',
      );
    }
  });

  it('is listed page by page', async () => {
    const { id } = await create();
    for (const userId of ['other', 'member', 'admin']) {
      await give(owner, id, { userId, role: 'reader' });
    }
    const names: string[] = [];
    for (let cursor: string | null = ''; cursor !== null;) {
      const page: { items: Grant[]; nextCursor: string | null } = await owner.json(
        200,
        `/v1/datasets/${id}/grants?limit=2${cursor && `&cursor=${cursor}`}`,
      );
      names.push(...page.items.map(({ name }) => name));
      cursor = page.nextCursor;
    }
    expect(names.sort()).toEqual(['admin', 'member', 'other']);
  });

  it('given by rivals at once is one grant, with the role of one of them', async () => {
    const { id } = await create();
    const roles = Array.from({ length: 12 }, (_, n) => (n % 2 ? 'reader' : 'writer'));
    const answers = await Promise.all(
      roles.map((role) => give(owner, id, { userId: 'other', role })),
    );
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
    const { items } = await owner.json<{ items: Grant[] }>(200, `/v1/datasets/${id}/grants`);
    expect(items).toHaveLength(1);
    const { role } = await other.json(200, `/v1/datasets/${id}`);
    expect(role).toBe(items[0]?.role);
  });
});

describe('One grant more', () => {
  it('writes the access of its own subject, of however many there are', async () => {
    const { id } = await create();
    await app.database.query(
      `INSERT INTO users (name) SELECT 'many-' || n FROM generate_series(1, 2000) n`,
    );
    // At once: by the trigger, each of them would copy all readers before it for searches.
    await app.database.query(
      `ALTER TABLE dataset_grants DISABLE TRIGGER dataset_grants_access;
       INSERT INTO dataset_grants (dataset_id, user_id, role, granted_by)
       SELECT '${id}', id, 'reader', '${owner.id}' FROM users WHERE name LIKE 'many-%';
       ALTER TABLE dataset_grants ENABLE TRIGGER dataset_grants_access;
       UPDATE datasets SET visibility = 'public' WHERE id = '${id}';
       UPDATE datasets SET visibility = 'private' WHERE id = '${id}'`,
    );
    /** Who has which role, by the row that says so. */
    const rows = async () =>
      new Map(
        (
          await app.database.query<{ subject: string; row: string }>(
            `SELECT subject_id AS subject, concat(xmin, ctid, role) AS row FROM dataset_access
             WHERE dataset_id = $1`,
            [id],
          )
        ).map(({ subject, row }) => [subject, row]),
      );
    const before = await rows();
    expect(before.size).toBe(2001);
    const changedBy = async (work: () => Promise<unknown>) => {
      const old = await rows();
      await work();
      const now = await rows();
      const all = [...new Set([...old.keys(), ...now.keys()])];
      return all.filter((subject) => old.get(subject) !== now.get(subject));
    };
    const put = (role: string) => give(owner, id, { userId: 'other', role });
    let made!: Response;
    expect(await changedBy(async () => (made = await put('reader')))).toEqual([other.id]);
    expect(await changedBy(() => put('writer'))).toEqual([other.id]);
    const { id: grantId } = (await made.json()) as Grant;
    const take = () => send(owner, 'DELETE', `/v1/datasets/${id}/grants/${grantId}`);
    expect(await changedBy(take)).toEqual([other.id]);
    const open = () => send(owner, 'PATCH', `/v1/datasets/${id}`, { visibility: 'public' });
    expect(await changedBy(open)).toEqual(['00000000-0000-0000-0000-000000000000']);
    // An owner who was granted less stays what an owner is.
    expect(await changedBy(() => give(owner, id, { userId: owner.id, role: 'reader' }))).toEqual(
      [],
    );
    const [search] = await app.database.query<{ isSame: boolean }>(
      `SELECT ARRAY(SELECT unnest(readers) ORDER BY 1)
         = ARRAY(SELECT subject_id FROM dataset_access WHERE dataset_id = $1 ORDER BY 1) AS "isSame"
       FROM dataset_search WHERE id = $1`,
      [id],
    );
    expect(search).toEqual({ isSame: true });
  });
});

describe('Whoever is removed at that moment', () => {
  it('gets no grant and no dataset, and nothing is left without an owner', async () => {
    const { id } = await create();
    const answers: string[] = [];
    for (let n = 0; n < 12; n += 1) {
      const leaver = await addUser(app, `leaver-${n}`, { groups: [`leavers-${n}`] });
      const [given, ...others] = await Promise.all([
        send(app, 'PATCH', `/v1/datasets/${id}`, { ownerId: leaver.id }),
        give(owner, id, { userId: leaver.id, role: 'reader' }),
        give(owner, id, { groupId: `leavers-${n}`, role: 'reader' }),
        send(leaver, 'POST', '/v1/datasets', { name: 'Of a leaver' }),
        app.fetch(`/v1/users/${leaver.id}`, { method: 'DELETE' }),
        app.fetch(`/v1/groups/leavers-${n}`, { method: 'DELETE' }),
      ]);
      answers.push(...[given, ...others].map(({ status }) => String(status)));
      await app.database.query('UPDATE datasets SET owner_id = $2 WHERE id = $1', [id, owner.id]);
    }
    expect(answers.filter((status) => status.startsWith('5'))).toEqual([]);
    expect(
      await app.database.query(
        'SELECT id FROM datasets WHERE owner_id NOT IN (SELECT id FROM users)',
      ),
    ).toEqual([]);
  });
});

describe('Ownership', () => {
  it('is taken by an admin of the dataset; the former owner keeps what was granted', async () => {
    const { id } = await create();
    await give(owner, id, { userId: owner.id, role: 'reader' });
    await give(owner, id, { userId: 'other', role: 'admin' });
    const taken = await send(other, 'PATCH', `/v1/datasets/${id}`, { ownerId: 'other' });
    expect(await taken.json()).toMatchObject({ ownerId: other.id, role: 'admin' });
    expect(await owner.json(200, `/v1/datasets/${id}`)).toMatchObject({ role: 'reader' });
    const back = await send(owner, 'PATCH', `/v1/datasets/${id}`, { ownerId: 'owner' });
    await expectProblem(back, 403, 'forbidden');
  });

  it('is forced upon nobody but by admins of the installation', async () => {
    const { id } = await create();
    const to = (api: Api, ownerId: string) => send(api, 'PATCH', `/v1/datasets/${id}`, { ownerId });
    await expectProblem(await to(owner, 'other'), 403, 'forbidden');
    // To be made an admin of it is no consent.
    await give(owner, id, { userId: 'other', role: 'admin' });
    await expectProblem(await to(owner, 'other'), 403, 'forbidden');
    expect((await to(owner, 'owner')).status).toBe(200);
    expect(await (await to(app, 'member')).json()).toMatchObject({ ownerId: member.id });
  });

  it('is not given to nobody, nor by writers', async () => {
    const { id } = await create();
    const to = (api: Api, ownerId: string) => send(api, 'PATCH', `/v1/datasets/${id}`, { ownerId });
    await expectProblem(await to(owner, 'nobody'), 404, 'user-not-found');
    await give(owner, id, { userId: 'other', role: 'writer' });
    await expectProblem(await to(other, 'other'), 403, 'forbidden');
  });

  it('may leave the former owner without any role', async () => {
    const { id } = await create();
    const given = await send(app, 'PATCH', `/v1/datasets/${id}`, { ownerId: 'other' });
    expect(given.status).toBe(200);
    expect(await statusOf(owner, id)).toBe(404);
  });
});
