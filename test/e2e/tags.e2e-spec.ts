import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { EVENT_BUS, type IEventBus } from '../../src/core/contracts/event-bus.contract.js';
import { TagsService } from '../../src/datasets/tags/tags.service.js';
import { startTestApp, type TestApp } from '../support/app.js';
import { datasetsApi, type Dataset } from '../support/datasets.js';
import { expectProblem } from '../support/problems.js';
import { principal } from '../support/principals.js';

let app: TestApp;
let api: ReturnType<typeof datasetsApi>;
beforeAll(async () => {
  app = await startTestApp();
  api = datasetsApi(app);
});
afterAll(() => app.stop());

interface TagPage {
  items: { tag: string; count: number; exact: boolean }[];
  nextCursor: string | null;
}

const at = (id: string, tag: string) => `/v1/datasets/${id}/tags/${encodeURIComponent(tag)}`;
const give = (id: string, tag: string, headers = {}) =>
  app.fetch(at(id, tag), { method: 'PUT', headers });
const take = (id: string, tag: string, headers = {}) =>
  app.fetch(at(id, tag), { method: 'DELETE', headers });
const read = async (
  id: string,
): Promise<{ etag: string; dataset: Dataset & { tags: string[] } }> => {
  const response = await app.fetch(`/v1/datasets/${id}`);
  return {
    etag: response.headers.get('etag') as string,
    dataset: (await response.json()) as Dataset & { tags: string[] },
  };
};
const countOf = async (tag: string): Promise<number> => {
  const path = `/v1/tags?limit=1&prefix=${encodeURIComponent(tag)}`;
  const { items } = await app.json<TagPage>(200, path);
  return items.find((item) => item.tag === tag)?.count ?? 0;
};

/** Ids of the datasets whose edit was told while `work` ran. */
async function toldBy(work: () => Promise<unknown>): Promise<string[]> {
  const told: string[] = [];
  const bus = app.app.get<IEventBus>(EVENT_BUS, { strict: false });
  const end = bus.subscribe('dataset.updated', ({ datasetId }) => void told.push(datasetId));
  await work();
  end();
  return told.sort();
}

describe('A tag of a dataset', () => {
  it('is given once, in the spelling of all tags, and counts as an edit', async () => {
    const { id } = await api.create({ name: 'One tag', tags: ['zz-first'] });
    const before = await read(id);
    const told = await toldBy(async () => {
      const response = await give(id, ' Ｄaily  DATA ', { 'If-Match': before.etag });
      expect(response.status).toBe(201);
      expect(await response.json()).toEqual({
        items: [
          { tag: 'daily data', count: 1, exact: true },
          { tag: 'zz-first', count: 1, exact: true },
        ],
        nextCursor: null,
      });
      expect(response.headers.get('etag')).toBe((await read(id)).etag);
    });
    expect(told).toEqual([id]);
    const after = await read(id);
    expect(after.etag).not.toBe(before.etag);
    expect(after.dataset['updatedAt']).not.toBe(before.dataset['updatedAt']);
    expect(after.dataset.tags).toEqual(['daily data', 'zz-first']);
    const again = await toldBy(async () => {
      expect((await give(id, 'daily data')).status).toBe(200);
    });
    expect(again).toEqual([]);
    expect(await read(id)).toEqual(after);
  });

  it('is taken once', async () => {
    const { id } = await api.create({ name: 'To take', tags: ['ü 1', 'kept'] });
    const before = await read(id);
    const told = await toldBy(async () => {
      const response = await take(id, 'Ü 1', { 'If-Match': before.etag });
      expect([response.status, await response.text()]).toEqual([204, '']);
      expect(response.headers.get('etag')).toBe((await read(id)).etag);
    });
    expect(told).toEqual([id]);
    const after = await read(id);
    expect(after.etag).not.toBe(before.etag);
    expect(after.dataset.tags).toEqual(['kept']);
    expect(
      await toldBy(async () => expectProblem(await take(id, 'ü 1'), 404, 'tag-not-found')),
    ).toEqual([]);
    expect(await read(id)).toEqual(after);
  });

  it('is edited only while the ETag is the expected one', async () => {
    const { id } = await api.create({ name: 'Expected', tags: ['here'] });
    const stale = (await read(id)).etag;
    await give(id, 'another');
    const before = await read(id);
    await expectProblem(await give(id, 'late', { 'If-Match': stale }), 412, 'etag-mismatch');
    await expectProblem(await take(id, 'here', { 'If-Match': stale }), 412, 'etag-mismatch');
    expect(await read(id)).toEqual(before);
  });

  it('is one of at most 50, also when many are given at once', async () => {
    const tags = Array.from({ length: 45 }, (_, n) => `full-${n}`);
    const { id } = await api.create({ name: 'Full', tags });
    const answers = await Promise.all(Array.from({ length: 12 }, (_, n) => give(id, `more-${n}`)));
    const statuses = answers.map(({ status }) => status).sort((x, y) => x - y);
    expect(statuses).toEqual([...Array(5).fill(201), ...Array(7).fill(400)]);
    await expectProblem(await give(id, 'one more'), 400, 'validation-failed');
    expect((await give(id, 'full-0')).status).toBe(200);
    expect((await read(id)).dataset.tags).toHaveLength(50);
  });

  it('counts the datasets that have it', async () => {
    const [one] = [
      await api.create({ name: 'Counted one', tags: ['shared by two', 'alone'] }),
      await api.create({ name: 'Counted two', tags: ['shared by two'] }),
    ];
    expect(await app.json(200, `/v1/datasets/${one.slug}/tags`)).toEqual({
      items: [
        { tag: 'alone', count: 1, exact: true },
        { tag: 'shared by two', count: 2, exact: true },
      ],
      nextCursor: null,
    });
  });

  it.each(['a/b', ' ', 'x'.repeat(65), 'a\\b', 'a,b', '\u0000', '\ufffd'])(
    'is not %j',
    async (tag) => {
      const { id } = await api.create({ name: 'Bad tag' });
      await expectProblem(await give(id, tag), 400, 'validation-failed');
      await expectProblem(await take(id, tag), 400, 'validation-failed');
    },
  );

  it('is refused in broken percent-encoding, and of a dataset that nobody knows', async () => {
    const { id } = await api.create({ name: 'Broken path' });
    for (const method of ['PUT', 'DELETE']) {
      const response = await app.fetch(`/v1/datasets/${id}/tags/%E4%Z`, { method });
      await expectProblem(response, 400, 'bad-request');
    }
    for (const key of ['nowhere', randomUUID()]) {
      await expectProblem(await give(key, 'x'), 404, 'dataset-not-found');
      await expectProblem(await take(key, 'x'), 404, 'dataset-not-found');
      const response = await app.fetch(`/v1/datasets/${key}/tags`);
      await expectProblem(response, 404, 'dataset-not-found');
    }
  });
});

describe('GET /v1/tags', () => {
  const model = new Map<string, number>();

  beforeAll(async () => {
    for (let n = 0; n < 12; n += 1) {
      const tags = ['all', n % 2 ? 'odd' : 'even', `n${n}`, n < 5 ? 'ü' : 'u', '🎈'].map(
        (tag) => `listed ${tag}`,
      );
      await api.create({ name: `Listed ${n}`, tags });
      for (const tag of tags) model.set(tag, (model.get(tag) ?? 0) + 1);
    }
  });

  const byBytes = (x: string, y: string) => Buffer.compare(Buffer.from(x), Buffer.from(y));
  const listed = async (query: string): Promise<[string, number][]> => {
    const all: [string, number][] = [];
    for (let cursor: string | null = ''; cursor !== null;) {
      const page: TagPage = await app.json(
        200,
        `/v1/tags?${query}${cursor && `&cursor=${cursor}`}`,
      );
      all.push(...page.items.map(({ tag, count }): [string, number] => [tag, count]));
      cursor = page.nextCursor;
    }
    return all;
  };

  it.each([1, 2, 5, 1000])('lists them by name, %d to a page', async (limit) => {
    const expected = [...model].sort(([x], [y]) => byBytes(x, y));
    expect(await listed(`limit=${limit}&prefix=${encodeURIComponent('LISTED ')}`)).toEqual(
      expected,
    );
    const deeper = expected.filter(([tag]) => tag.startsWith('listed n1'));
    expect(deeper).toHaveLength(3);
    expect(await listed(`limit=${limit}&prefix=listed+n1`)).toEqual(deeper);
    expect(await listed(`limit=${limit}&prefix=listed+none`)).toEqual([]);
    const all = await listed(`limit=${limit}`);
    expect(all.filter(([tag]) => tag.startsWith('listed '))).toEqual(expected);
    expect(all.map(([tag]) => tag)).toEqual(all.map(([tag]) => tag).toSorted(byBytes));
  });

  it.each([1, 3, 1000])('lists the most used first, %d to a page', async (limit) => {
    const expected = [...model].sort(([x, m], [y, n]) => n - m || byBytes(x, y));
    expect(await listed(`limit=${limit}&sort=count&prefix=listed`)).toEqual(expected);
  });

  it('binds a cursor to prefix and order', async () => {
    for (const sort of ['name', 'count']) {
      const { nextCursor } = await app.json<TagPage>(200, `/v1/tags?limit=1&sort=${sort}&prefix=l`);
      for (const query of ['', 'prefix=l', 'prefix=l&sort=count', 'prefix=li&sort=count']) {
        if (query === (sort === 'name' ? 'prefix=l' : 'prefix=l&sort=count')) continue;
        const response = await app.fetch(`/v1/tags?${query}&cursor=${nextCursor}`);
        await expectProblem(response, 400, 'cursor-mismatch');
      }
    }
  });

  it.each(['prefix=%00', 'sort=size', 'limit=0', 'limit=1001', 'tag=a', 'prefix=a&prefix=b'])(
    'refuses ?%s',
    async (query) => {
      await expectProblem(await app.fetch(`/v1/tags?${query}`), 400, 'validation-failed');
    },
  );

  it('counts as well where they are too many to be counted together', async () => {
    // 20 tags on each of 5,100 datasets, without what keeps the search and the roles up to date.
    await app.database.query(
      `SET session_replication_role = replica;
       INSERT INTO datasets (id, slug, name, description, metadata, visibility, owner_id)
       SELECT gen_random_uuid(), 'many-' || n, 'Many', '', '{}', 'private', gen_random_uuid()
       FROM generate_series(1, 5100) n;
       INSERT INTO dataset_tags (dataset_id, tag) SELECT id, 'many-' || lpad(n::text, 2, '0')
       FROM datasets, generate_series(1, 20) n WHERE name = 'Many';
       SET session_replication_role = origin`,
    );
    const { items } = await app.json<TagPage>(200, '/v1/tags?prefix=many-&limit=20');
    const expected = Array.from({ length: 20 }, (_, n) => ({
      tag: `many-${String(n + 1).padStart(2, '0')}`,
      count: 5100,
      exact: true,
    }));
    expect(items).toEqual(expected);
    expect((await app.json<TagPage>(200, '/v1/tags?prefix=many-&limit=19')).items).toEqual(
      expected.slice(0, 19),
    );
    await app.database.query(`DELETE FROM dataset_tags WHERE tag LIKE 'many-%'`);
  });

  it('shows nothing of datasets that are deleted or that the caller may not read', async () => {
    const mine = await api.create({
      name: 'Tagged in private',
      tags: ['private tag', 'public tag'],
    });
    const open = { name: 'Tagged in public', tags: ['public tag'], visibility: 'public' };
    const shown = await api.create(open);
    const service = app.app.get(TagsService, { strict: false });
    const stranger = principal();
    for (const sort of ['name', 'count'] as const) {
      const { items } = await service.list(stranger, { prefix: 'p', sort, limit: 100 });
      expect(items).toEqual([{ tag: 'public tag', count: 1, exact: true }]);
    }
    expect(await service.of(stranger, shown.id)).toEqual([
      { tag: 'public tag', count: 1, exact: true },
    ]);
    expect([await countOf('private tag'), await countOf('public tag')]).toEqual([1, 2]);
    await app.database.query('UPDATE datasets SET deleted_at = now() WHERE id = $1', [mine.id]);
    expect([await countOf('private tag'), await countOf('public tag')]).toEqual([0, 1]);
  });
});
