import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Api } from '../support/api.js';
import { startTestApp, type TestApp } from '../support/app.js';
import { datasetsApi, put, type Dataset } from '../support/datasets.js';
import { expectProblem } from '../support/problems.js';
import { addUser, type TestUser } from '../support/users.js';

const ROLES = ['reader', 'writer', 'admin'] as const;
type Role = (typeof ROLES)[number];

let app: TestApp;
let owner: TestUser;
let stranger: TestUser;
let users: Record<Role, TestUser>;

beforeAll(async () => {
  app = await startTestApp();
  owner = await addUser(app, 'owner');
  stranger = await addUser(app, 'stranger');
  users = {
    reader: await addUser(app, 'reader'),
    writer: await addUser(app, 'writer'),
    admin: await addUser(app, 'granted-admin'),
  };
});

afterAll(async () => app.stop());

/** A private dataset with one file that nobody else has, and a grant of each role. */
async function shared(more: object = {}): Promise<Dataset & { fileId: number; content: string }> {
  const api = datasetsApi(owner);
  const content = `v\n${randomUUID()}\n`;
  const fileId = await api.upload(content);
  const dataset = await api.create({
    name: 'Shared',
    tags: [`tag-${fileId}`],
    files: [{ path: 'data.csv', fileId }],
    ...more,
  });
  for (const role of ROLES) {
    const given = { userId: users[role].id, role };
    await api.json('POST', `/v1/datasets/${dataset.id}/grants`, given);
  }
  return { ...dataset, fileId, content };
}

const send = (api: Api, method: string, path: string, body?: unknown) =>
  datasetsApi(api).json(method, path, body);

describe('What each role may do', () => {
  const TABLE: readonly [Role, string, string, unknown, number][] = [
    ['reader', 'GET', '', undefined, 200],
    ['reader', 'GET', '/versions/latest/files', undefined, 200],
    ['reader', 'GET', '/versions/1/content/data.csv', undefined, 200],
    ['reader', 'GET', '/versions/1/archive', undefined, 200],
    ['reader', 'GET', '/statistics', undefined, 200],
    ['reader', 'GET', '/refs', undefined, 200],
    ['reader', 'GET', '/tags', undefined, 200],
    ['writer', 'PATCH', '', { name: 'Edited' }, 200],
    ['writer', 'PUT', '/tags/added', undefined, 201],
    ['writer', 'POST', '/versions', { message: 'm', changes: [] }, 201],
    ['writer', 'POST', '/versions/1/restore', {}, 201],
    ['writer', 'PUT', '/refs/side', { version: 1 }, 201],
    ['writer', 'POST', '/merge', { source: 'side', target: 'main' }, 200],
    ['admin', 'PATCH', '', { slug: `moved-${randomUUID()}` }, 200],
    ['admin', 'PATCH', '', { visibility: 'private' }, 200],
    ['admin', 'GET', '/grants', undefined, 200],
    ['admin', 'DELETE', '/versions/1', undefined, 204],
    ['admin', 'DELETE', '', undefined, 204],
  ];

  it('holds for every role, and for the owner and admins of the installation', async () => {
    const { id, fileId } = await shared();
    const refusals: unknown[] = [];
    for (const [needed, method, path, body, status] of TABLE) {
      const url = `/v1/datasets/${id}${path}`;
      const asked = path === '/versions' ? { message: 'm', changes: [put('b.csv', fileId)] } : body;
      for (const role of ROLES.slice(0, ROLES.indexOf(needed))) {
        const refused = await send(users[role], method, url, asked);
        await expectProblem(refused, 403, 'forbidden');
        refusals.push([role, method, path]);
      }
      await expectProblem(await send(stranger, method, url, asked), 404, 'dataset-not-found');
      const answer = await send(users[needed], method, url, asked);
      await answer.arrayBuffer();
      expect([needed, method, path, answer.status]).toEqual([needed, method, path, status]);
    }
    expect(refusals).toHaveLength(6 + 2 * 5);
    const restored = await send(users.admin, 'POST', `/v1/datasets/${id}/restore`);
    expect(restored.status).toBe(200);
    for (const api of [owner, app]) {
      expect(await api.json(200, `/v1/datasets/${id}`)).toMatchObject({ role: 'admin' });
    }
  });

  it('lets nobody but its admins restore a deleted dataset', async () => {
    const { id } = await shared();
    await send(owner, 'DELETE', `/v1/datasets/${id}`);
    for (const api of [users.writer, users.reader, stranger]) {
      const refused = await send(api, 'POST', `/v1/datasets/${id}/restore`);
      await expectProblem(refused, 404, 'dataset-not-found');
    }
    expect((await send(owner, 'POST', `/v1/datasets/${id}/restore`)).status).toBe(200);
    expect((await users.reader.fetch(`/v1/datasets/${id}`)).status).toBe(200);
  });

  it('is asked of every dataset of a batch, and of each with a tag that is renamed', async () => {
    const [one, two] = [await shared({ tags: ['old'] }), await shared({ tags: ['old'] })];
    await send(owner, 'POST', `/v1/datasets/${two.id}/grants`, {
      userId: 'writer',
      role: 'reader',
    });
    const batch = { datasetIds: [one.id, two.id], add: ['batch'] };
    const refused = await send(users.writer, 'POST', '/v1/datasets/batch-tag', batch);
    await expectProblem(refused, 403, 'forbidden');
    const renamed = await send(users.writer, 'PATCH', '/v1/tags/old', { name: 'new' });
    expect(await renamed.json()).toMatchObject({ datasets: 1 });
    expect(await owner.json(200, `/v1/datasets/${one.id}`)).toMatchObject({ tags: ['new'] });
    expect(await owner.json(200, `/v1/datasets/${two.id}`)).toMatchObject({ tags: ['old'] });
  });
});

describe('What a dataset shows', () => {
  it('is in lists, tags, searches and batches of those who may read it, and of no others', async () => {
    const { id, fileId } = await shared({ name: 'Quokkas of the island' });
    const tag = `tag-${fileId}`;
    const seenBy = async (api: Api) => {
      const list = await api.json<{ items: Dataset[] }>(200, '/v1/datasets?limit=1000');
      const tagged = await api.json<{ items: Dataset[] }>(200, `/v1/datasets?tag=${tag}`);
      const tags = await api.json<{ items: unknown[] }>(200, `/v1/tags?prefix=${tag}`);
      const found = await api.json<{ total: { value: number } }>(200, '/v1/search?q=quokkas');
      const batch = await send(api, 'POST', '/v1/datasets/batch-get', { ids: [id] });
      return [
        list.items.some((dataset) => dataset.id === id),
        tagged.items.length > 0,
        tags.items.length > 0,
        found.total.value > 0,
        ((await batch.json()) as { items: unknown[] }).items.length > 0,
      ];
    };
    for (const api of [owner, app, ...ROLES.map((role) => users[role])]) {
      expect(await seenBy(api)).toEqual([true, true, true, true, true]);
    }
    expect(await seenBy(stranger)).toEqual([false, false, false, false, false]);
    await send(owner, 'PATCH', `/v1/datasets/${id}`, { visibility: 'public' });
    expect(await seenBy(stranger)).toEqual([true, true, true, true, true]);
    await send(owner, 'DELETE', `/v1/datasets/${id}`);
    expect(await seenBy(users.reader)).toEqual([false, false, false, false, false]);
  });

  it('is listed newest first in pages, whichever way the caller may read it', async () => {
    const page = async (api: Api, query: string) =>
      api.json<{ items: Dataset[]; nextCursor: string | null }>(200, `/v1/datasets?${query}`);
    const reader = await addUser(app, 'pager', { groups: ['pagers'] });
    const wanted: string[] = [];
    for (let n = 0; n < 12; n += 1) {
      const { id } = await datasetsApi(n % 4 === 1 ? reader : owner).create({
        name: `paged ${n}`,
        visibility: n % 4 === 0 ? 'public' : 'private',
      });
      const grantees = [{ groupId: 'pagers' }, { userId: 'pager' }];
      const given = n % 4 === 2 ? grantees : [];
      for (const grantee of given) {
        await send(owner, 'POST', `/v1/datasets/${id}/grants`, { ...grantee, role: 'reader' });
      }
      if (n % 4 !== 3) wanted.unshift(id);
    }
    const seen: string[] = [];
    for (let cursor: string | null = ''; cursor !== null && seen.length < wanted.length;) {
      const { items, nextCursor } = await page(reader, `limit=2${cursor && `&cursor=${cursor}`}`);
      seen.push(...items.map(({ id }) => id));
      cursor = nextCursor;
    }
    expect(seen.slice(0, wanted.length)).toEqual(wanted);
  });

  it('is, where it may not be read, told of as what does not exist', async () => {
    const { id, slug, fileId } = await shared();
    const bodies = async (path: string) => {
      const answer = await stranger.fetch(path);
      const { instance: _, ...problem } = (await answer.json()) as Record<string, unknown>;
      return { status: answer.status, problem };
    };
    const unknown = await bodies(`/v1/datasets/${randomUUID()}`);
    expect(unknown.status).toBe(404);
    expect(await bodies(`/v1/datasets/${id}`)).toEqual(unknown);
    expect(await bodies(`/v1/datasets/${slug}`)).toEqual(unknown);
    for (const path of ['/versions', '/versions/1', '/versions/1/files', '/refs', '/diff?base=1']) {
      expect(await bodies(`/v1/datasets/${id}${path}`)).toEqual(
        await bodies(`/v1/datasets/${randomUUID()}${path}`),
      );
    }
    const noFile = await bodies('/v1/files/2000000000');
    expect(await bodies(`/v1/files/${fileId}`)).toEqual(noFile);
    expect(await bodies(`/v1/files/${fileId}/content`)).toEqual(noFile);
  });
});

describe('A file', () => {
  const mayRead = async (api: Api, fileId: number): Promise<boolean> => {
    const { status } = await api.fetch(`/v1/files/${fileId}/content`);
    expect([200, 404]).toContain(status);
    return status === 200;
  };

  it('is read, found and used by those who may read a dataset that holds it', async () => {
    const { id, fileId, content } = await shared();
    const { contentHash } = await owner.json<{ contentHash: string }>(200, `/v1/files/${fileId}`);
    const { reader } = users;
    expect(await mayRead(reader, fileId)).toBe(true);
    expect(await mayRead(stranger, fileId)).toBe(false);
    const listed = await reader.json<{ items: unknown[] }>(
      200,
      `/v1/files?contentHash=${contentHash}`,
    );
    expect(listed.items).toMatchObject([{ id: fileId }]);
    const preflight = async (api: Api) =>
      (await send(api, 'POST', '/v1/files/preflight', { digests: [contentHash] })).json();
    expect(await preflight(reader)).toMatchObject({ items: [{ fileId }] });
    expect(await preflight(stranger)).toMatchObject({ items: [{ fileId: null }] });
    const used = await datasetsApi(reader).create({
      name: 'Mine',
      files: [{ path: 'a.csv', fileId }],
    });
    expect(used.latestVersion).toBe(1);
    const body = { name: 'Not mine', files: [{ path: 'a.csv', fileId }] };
    const refused = await send(stranger, 'POST', '/v1/datasets', body);
    await expectProblem(refused, 404, 'file-not-found');
    // Whose bytes they are too is nobody's to learn by sending them.
    const sent = await (await stranger.upload(content)).json();
    expect(sent).toMatchObject({ id: fileId, deduplicated: false });
    expect(await (await reader.upload(content)).json()).toMatchObject({ deduplicated: true });
    await send(owner, 'DELETE', `/v1/datasets/${id}`);
  });

  it('is no longer when the dataset is deleted, the grant is gone or it is private again', async () => {
    const { id, fileId } = await shared({ visibility: 'public' });
    expect(await mayRead(stranger, fileId)).toBe(true);
    await send(owner, 'PATCH', `/v1/datasets/${id}`, { visibility: 'private' });
    expect(await mayRead(stranger, fileId)).toBe(false);
    expect(await mayRead(users.reader, fileId)).toBe(true);
    await send(owner, 'DELETE', `/v1/datasets/${id}`);
    expect(await mayRead(users.reader, fileId)).toBe(false);
    expect(await mayRead(owner, fileId)).toBe(true);
    await send(owner, 'POST', `/v1/datasets/${id}/restore`);
    expect(await mayRead(users.reader, fileId)).toBe(true);
  });

  it('described by others is shown as the caller’s own use has it', async () => {
    const { fileId, content } = await shared();
    await users.reader.upload(content, { fileName: 'my-name.csv' });
    const nameFor = async (api: Api) =>
      (await api.json<{ fileName: string }>(200, `/v1/files/${fileId}`)).fileName;
    expect(await nameFor(users.reader)).toBe('my-name.csv');
    expect(await nameFor(users.writer)).toBe('data.csv');
  });
});
