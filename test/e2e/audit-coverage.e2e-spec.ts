import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { EVENT_BUS, type IEventBus } from '../../src/core/contracts/event-bus.contract.js';
import { readJson } from '../architecture/repository.js';
import type { Api } from '../support/api.js';
import { startTestApp, type TestApp } from '../support/app.js';
import { AUDITED_CALLS, type Changed } from '../support/audited-calls.js';
import { datasetsApi } from '../support/datasets.js';
import { AUDITED_ELSEWHERE, READING_POSTS } from '../support/unaudited-calls.js';
import { addUser, type TestUser } from '../support/users.js';

interface Entry {
  actorId: string;
  actorName: string;
  keyId: string;
  action: string;
  targets: string[];
  details: object;
}

let app: TestApp;
let owner: TestUser;
let other: TestUser;
let admin: TestUser;

beforeAll(async () => {
  app = await startTestApp();
  owner = await addUser(app, 'owner');
  other = await addUser(app, 'other');
  admin = await addUser(app, 'an-admin', { isAdmin: true });
});
afterAll(() => app.stop());

const count = async (): Promise<number> =>
  (await app.database.query('SELECT FROM audit_log')).length;

const entriesOf = (requestId: string): Promise<Entry[]> =>
  app.database.query<Entry>(
    `SELECT actor_id AS "actorId", actor_name AS "actorName", key_id AS "keyId", action, targets,
       details
     FROM audit_log WHERE request_id = $1`,
    [requestId],
  );

async function make(api: Api): Promise<Changed> {
  const datasets = datasetsApi(api);
  const fileId = await datasets.upload(`content ${randomUUID()}`);
  const files = [{ path: 'a.csv', fileId }];
  const { id: datasetId } = await datasets.create({ name: 'Audited', tags: ['given'], files });
  return { datasetId, fileId, ownerId: owner.id, otherId: other.id };
}

describe('Every operation that can change something', () => {
  it('is called below, or is known to change nothing', async () => {
    const { paths } = await readJson<{ paths: Record<string, object> }>('openapi.json');
    const changing = Object.entries(paths)
      .flatMap(([path, methods]) =>
        Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
      )
      .filter((name) => !/^(GET|HEAD|OPTIONS) /.test(name))
      .filter((name) => ![...READING_POSTS, ...AUDITED_ELSEWHERE].includes(name));
    expect(changing.length).toBeGreaterThan(15);
    expect(changing.sort()).toEqual(Object.keys(AUDITED_CALLS).sort());
  });

  it.each(Object.entries(AUDITED_CALLS))(
    '%s leaves one entry, and a repeat none',
    async (name, call) => {
      const changed = await make(owner);
      const caller = call.byAdmin ? admin : owner;
      const made = (await call.before?.(caller, changed)) ?? '';
      const key = randomUUID();
      const ask = (requestId: string): Promise<Response> => {
        const body = call.body?.(changed);
        const isForm = body instanceof FormData;
        return caller.fetch(call.path(changed, made), {
          method: name.split(' ')[0],
          headers: {
            'X-Request-Id': requestId,
            'Idempotency-Key': key,
            ...(body && !isForm && { 'Content-Type': 'application/json' }),
            ...call.headers,
          },
          body: isForm ? body : body && JSON.stringify(body),
        });
      };
      const before = await count();
      const requestId = randomUUID();
      const answer = await ask(requestId);
      expect(`${answer.status} ${await answer.text()}`).toMatch(/^20[0124] /);
      const [entry, ...more] = await entriesOf(requestId);
      expect(more).toEqual([]);
      expect(entry).toMatchObject({
        actorId: caller.id,
        actorName: caller.name,
        keyId: caller.keyId,
        action: call.action,
      });
      expect(entry?.targets.length).toBeGreaterThan(0);
      expect(await count()).toBe(before + 1);
      if (call.again === 'anew') return;
      const repeat = await ask(randomUUID());
      expect(repeat.status).toBe(call.again ?? answer.status);
      expect(await count()).toBe(before + 1);
    },
  );
});

describe('What changes nothing', () => {
  it('leaves no entry: reads, refusals and merges of what is there', async () => {
    const { datasetId, fileId } = await make(owner);
    const before = await count();
    const datasets = datasetsApi(owner);
    for (const path of ['', '/versions', '/versions/1/files', '/refs', '/grants', '/tags']) {
      expect((await owner.fetch(`/v1/datasets/${datasetId}${path}`)).status).toBe(200);
    }
    const at = `/v1/datasets/${datasetId}`;
    const merge = await datasets.json('POST', `${at}/merge`, { source: '1', target: 'main' });
    expect(merge.status).toBe(200);
    const restore = await datasets.json('POST', `${at}/versions/1/restore`, {});
    expect(restore.status).toBe(200);
    const same = await datasets.json('PUT', `${at}/refs/main`, { version: 1 }, { 'If-Match': '*' });
    expect(same.status).toBe(200);
    const refused = await datasets.tryCommit(datasetId, {
      changes: [{ op: 'delete', path: 'absent.csv' }],
    });
    expect(refused.status).toBe(409);
    expect((await other.fetch(`/v1/files/${fileId}`, { method: 'DELETE' })).status).toBe(404);
    expect((await other.fetch(at, { method: 'DELETE' })).status).toBe(404);
    expect(await count()).toBe(before);
  });

  it('leaves neither an entry nor an event nor another ETag: an edit that says what is said', async () => {
    const { datasetId } = await make(owner);
    const at = `/v1/datasets/${datasetId}`;
    const edit = (body: object, headers = {}) =>
      datasetsApi(owner).json('PATCH', at, body, headers);
    await edit({ tags: ['b', 'a'], metadata: { x: 1, y: [2] } });
    const read = await owner.fetch(at);
    const dataset = (await read.json()) as object;
    const etag = read.headers.get('etag');
    const told: object[] = [];
    const end = app.app
      .get<IEventBus>(EVENT_BUS)
      .subscribe('dataset.updated', (event) => void told.push(event));
    const before = await count();
    for (const body of [
      {},
      { name: 'Audited', description: '', visibility: 'private', ownerId: owner.id },
      { tags: ['A', 'b', 'a'], metadata: { y: [2], x: 1 } },
    ]) {
      const answer = await edit(body, { 'If-Match': etag });
      expect([answer.status, answer.headers.get('etag')]).toEqual([200, etag]);
      expect(await answer.json()).toEqual(dataset);
    }
    expect((await edit({ name: 'Audited' }, { 'If-Match': '"77"' })).status).toBe(412);
    expect([await count(), told]).toEqual([before, []]);
    const other = await edit({ tags: ['a'] });
    expect(other.headers.get('etag')).not.toBe(etag);
    expect([await count(), told]).toEqual([before + 1, [expect.objectContaining({ datasetId })]]);
    end();
  });

  it('of a failed change leaves none: the entry is undone with it', async () => {
    const { datasetId } = await make(owner);
    const before = await count();
    await app.database.query(
      'ALTER TABLE datasets ADD CONSTRAINT no_edits CHECK (revision < 0) NOT VALID',
    );
    const edit = await datasetsApi(owner).json('PATCH', `/v1/datasets/${datasetId}`, { name: 'x' });
    await app.database.query('ALTER TABLE datasets DROP CONSTRAINT no_edits');
    expect(edit.status).toBe(500);
    expect(await count()).toBe(before);
  });

  it('and no change is made whose entry cannot be written', async () => {
    const { datasetId } = await make(owner);
    await app.database.query(
      'ALTER TABLE audit_log ADD CONSTRAINT no_entries CHECK (id < 0) NOT VALID',
    );
    const edit = await datasetsApi(owner).json('PATCH', `/v1/datasets/${datasetId}`, { name: 'x' });
    await app.database.query('ALTER TABLE audit_log DROP CONSTRAINT no_entries');
    expect(edit.status).toBe(500);
    expect(await owner.json(200, `/v1/datasets/${datasetId}`)).toMatchObject({ name: 'Audited' });
  });
});

describe('An entry', () => {
  it('of a request with very many changes names the version, and none of the files', async () => {
    const { datasetId, fileId } = await make(owner);
    const changes = Array.from({ length: 3000 }, (_, n) => ({ op: 'put', path: `f${n}`, fileId }));
    const version = await datasetsApi(owner).commit(datasetId, changes);
    const [entry] = await app.database.query<Entry>(
      'SELECT targets, details FROM audit_log ORDER BY id DESC LIMIT 1',
    );
    expect(entry).toEqual({
      targets: [`version:${version.id}`, `dataset:${datasetId}`],
      details: { branch: 'main', changes: 3000, versionNumber: 2 },
    });
  });

  it('of a batch names all of its files', async () => {
    const parts = new FormData();
    for (let n = 0; n < 3; n += 1) parts.append('file', new Blob([`batch ${n}`]), `${n}`);
    const requestId = randomUUID();
    const { items } = await owner.json<{ items: { id: number }[] }>(201, '/v1/files/batch', {
      method: 'POST',
      body: parts,
      headers: { 'X-Request-Id': requestId },
    });
    const [entry] = await entriesOf(requestId);
    expect(entry?.targets).toEqual(items.map(({ id }) => `file:${id}`));
    expect(entry?.details).toEqual({ bytes: 21, files: 3 });
  });
});
