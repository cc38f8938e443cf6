import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { FilesRepository } from '../../src/storage/files/files.repository.js';
import { startTestApp, type TestApp } from '../support/app.js';
import { sha256 } from '../support/digests.js';
import { expectProblem } from '../support/problems.js';
import { principal } from '../support/principals.js';

let app: TestApp;
beforeAll(async () => {
  app = await startTestApp();
});
afterAll(() => app.stop());

interface Page {
  items: { id: number; contentHash: string }[];
  nextCursor: string | null;
}

const upload = async (content: string): Promise<number> => {
  const response = await app.upload(content);
  expect(response.status).toBe(201);
  return ((await response.json()) as { id: number }).id;
};

const list = (query: Record<string, string>) =>
  app.json<Page>(200, `/v1/files?${new URLSearchParams(query).toString()}`);

describe('GET /v1/files', () => {
  it('pages through every file once, newest first, while others are being added', async () => {
    const known: number[] = [];
    for (let n = 0; n < 25; n += 1) known.push(await upload(`listed ${n}`));
    const seen: number[] = [];
    let cursor: string | null = null;
    do {
      const page: Page = await list({ limit: '4', ...(cursor && { cursor }) });
      expect(page.items.length).toBeLessThanOrEqual(4);
      seen.push(...page.items.map(({ id }) => id));
      cursor = page.nextCursor;
      await upload(`added while paging ${seen.length}`);
    } while (cursor);
    expect(seen).toEqual([...seen].sort((a, b) => b - a));
    expect(new Set(seen).size).toBe(seen.length);
    expect(seen.filter((id) => known.includes(id))).toEqual(known.toReversed());
  });

  it('ends with a null cursor, exactly at the last file', async () => {
    const { items } = await list({ limit: '1000' });
    const exact = await list({ limit: String(items.length) });
    expect(exact).toEqual({ items, nextCursor: null });
    expect((await list({ limit: String(items.length - 1) })).nextCursor).not.toBeNull();
  });

  it.each(['sha256:', ''])('finds a content by its hash written as %s<hex>', async (prefix) => {
    const id = await upload('to be found');
    const { items, nextCursor } = await list({ contentHash: prefix + sha256('to be found') });
    expect(items).toMatchObject([{ id, contentHash: `sha256:${sha256('to be found')}` }]);
    expect(nextCursor).toBeNull();
    expect(await list({ contentHash: prefix + sha256('unknown') })).toEqual({
      items: [],
      nextCursor: null,
    });
  });

  it('refuses a cursor that is damaged or belongs to other filters', async () => {
    await upload('one more');
    const { nextCursor } = await list({ limit: '1' });
    const cursor = nextCursor as string;
    const filtered = `cursor=${cursor}&contentHash=${sha256('one more')}`;
    const [scope] = JSON.parse(Buffer.from(cursor, 'base64url').toString()) as [string];
    const forged = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const queries = [
      filtered,
      `cursor=${cursor.slice(0, -4)}`,
      `cursor=${cursor.slice(4)}`,
      'cursor=',
      'cursor=%00',
      'cursor=null',
      `cursor=${forged(null)}`,
      `cursor=${forged({})}`,
      `cursor=${forged([scope, 'x'])}`,
      `cursor=${forged([scope, 1.5])}`,
    ];
    for (const query of queries) {
      await expectProblem(await app.fetch(`/v1/files?${query}`), 400, 'cursor-mismatch');
    }
  });

  it('answers a forged cursor beyond every id like any other, never with a failure', async () => {
    const { nextCursor } = await list({ limit: '1' });
    const [scope] = JSON.parse(Buffer.from(nextCursor as string, 'base64url').toString()) as [
      string,
    ];
    for (const id of [2 ** 31, 2 ** 53, -1, 1e300]) {
      const cursor = Buffer.from(JSON.stringify([scope, id])).toString('base64url');
      const response = await app.fetch(`/v1/files?cursor=${cursor}`);
      await expectProblem(response, 400, 'cursor-mismatch');
    }
  });

  it.each([
    'limit=0',
    'limit=1001',
    'limit=-1',
    'limit=1.5',
    'limit=x',
    'limit=1&limit=2',
    'contentHash=abc',
    `contentHash=sha256:${'A'.repeat(64)}`,
    `contentHash=md5:${'a'.repeat(64)}`,
    `cursor=${'a'.repeat(501)}`,
    'unknown=1',
    'a[b]=1',
    '__proto__=1',
  ])('refuses the query %s', async (query) => {
    await expectProblem(await app.fetch(`/v1/files?${query}`), 400, 'validation-failed');
  });
});

describe('GET /v1/files/{id}', () => {
  it('answers many that come at once, each with its own', async () => {
    const ids: number[] = [];
    for (let n = 0; n < 20; n += 1) ids.push(await upload(`asked at once ${n}`));
    const absent = 2_000_000_000;
    const asked = ids.flatMap((id) => [id, absent, id]);
    const answers = await Promise.all(
      asked.map(async (id) => (await app.fetch(`/v1/files/${id}`)).json()),
    );
    expect(answers).toMatchObject(
      asked.map((id) => (id === absent ? { code: 'file-not-found' } : { id })),
    );
  });

  it('tells each of the callers that ask at once only what that caller may read', async () => {
    const repository = app.app.get(FilesRepository, { strict: false });
    const admin = principal({ name: 'admin', isAdmin: true });
    const stranger = principal();
    const id = await upload('not for strangers');
    const seen = await Promise.all(
      [stranger, admin, stranger].map((caller) => repository.find(caller, id)),
    );
    expect(seen).toMatchObject([null, { id }, null]);
  });
});

describe('POST /v1/files/preflight', () => {
  const ask = (digests: unknown) =>
    app.fetch('/v1/files/preflight', {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ digests }),
    });

  it('tells in the order asked which contents need not be sent', async () => {
    const id = await upload('already here');
    const [known, unknown] = [sha256('already here'), sha256('never sent')];
    const response = await ask([unknown, known, `sha256:${known}`]);
    expect(response.status).toBe(200);
    const here = { contentHash: `sha256:${known}`, available: true, fileId: id, size: 12 };
    expect(await response.json()).toEqual({
      items: [
        { contentHash: `sha256:${unknown}`, available: false, fileId: null, size: null },
        here,
        here,
      ],
    });
  });

  it('takes 1,000 digests and refuses 1,001', async () => {
    const digests = Array.from({ length: 1000 }, (_, n) => sha256(`digest ${n}`));
    const response = await ask(digests);
    expect(response.status).toBe(200);
    expect(((await response.json()) as Page).items).toHaveLength(1000);
    const { errors } = await expectProblem(
      await ask([...digests, sha256('one more')]),
      400,
      'validation-failed',
    );
    expect(errors?.map(({ pointer }) => pointer)).toEqual(['/digests']);
  });

  it.each([[[]], [['abc']], [[1]], [[null]], [{}], ['abc'], [null], [[[sha256('')]]]])(
    'refuses %j as digests',
    async (digests) => {
      await expectProblem(await ask(digests), 400, 'validation-failed');
    },
  );
});

describe('GET and DELETE /v1/files/{id}', () => {
  it('gives every hold of the caller up: 204, then 404 on each route', async () => {
    const id = await upload('held twice');
    expect(await upload('held twice')).toBe(id);
    const gone = await app.fetch(`/v1/files/${id}`, { method: 'DELETE' });
    expect(gone.status).toBe(204);
    expect(await gone.text()).toBe('');
    for (const [method, path] of [
      ['GET', ''],
      ['GET', '/content'],
      ['DELETE', ''],
    ] as const) {
      const response = await app.fetch(`/v1/files/${id}${path}`, { method });
      await expectProblem(response, 404, 'file-not-found');
    }
    expect((await app.fetch(`/v1/files/${id}/content`, { method: 'HEAD' })).status).toBe(404);
    const preflight = await app.json(200, '/v1/files/preflight', {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ digests: [sha256('held twice')] }),
    });
    expect(preflight).toMatchObject({ items: [{ available: false, fileId: null }] });
    const rows = await app.database.query(
      'SELECT reference_count::int AS count, zero_since IS NULL AS used FROM files WHERE id = $1',
      [id],
    );
    expect(rows).toEqual([{ count: 0, used: false }]);
  });

  it('brings a file that was given up back under its id when it is uploaded again', async () => {
    const id = await upload('comes back');
    await app.fetch(`/v1/files/${id}`, { method: 'DELETE' });
    expect(await upload('comes back')).toBe(id);
    const content = await app.fetch(`/v1/files/${id}/content`);
    expect(await content.text()).toBe('comes back');
  });

  it('leaves the bytes to others who refer to them', async () => {
    const id = await upload('shared');
    await app.database.query(
      `WITH other AS (
         INSERT INTO file_references (file_id, owner_type, owner_id, file_type)
         VALUES ($1, 'job-output', $2, 'csv'))
       UPDATE files SET reference_count = reference_count + 1 WHERE id = $1`,
      [id, randomUUID()],
    );
    expect((await app.fetch(`/v1/files/${id}`, { method: 'DELETE' })).status).toBe(204);
    const content = await app.fetch(`/v1/files/${id}/content`);
    expect(await content.text()).toBe('shared');
    expect(await app.json(200, `/v1/files/${id}`)).toMatchObject({ fileType: 'csv' });
  });
});
