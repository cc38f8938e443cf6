import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { DatasetsService } from '../../src/datasets/datasets.service.js';
import type { Api } from '../support/api.js';
import { startTestApp, type TestApp } from '../support/app.js';
import { datasetsApi, type Dataset } from '../support/datasets.js';
import { expectProblem } from '../support/problems.js';
import { principal } from '../support/principals.js';
import { addUser, type TestUser } from '../support/users.js';

let app: TestApp;
let api: ReturnType<typeof datasetsApi>;
/** No admin: who reads few datasets is answered by another statement. */
let owner: TestUser;
beforeAll(async () => {
  app = await startTestApp();
  api = datasetsApi(app);
  owner = await addUser(app, 'owner');
});
afterAll(() => app.stop());

interface DatasetPage {
  items: Dataset[];
  nextCursor: string | null;
}

/** Ids of all pages, in order. `between` runs after each page. */
async function listed(
  query: string,
  between = async () => undefined,
  caller: Api = app,
): Promise<string[]> {
  const seen: string[] = [];
  for (let cursor: string | null = ''; cursor !== null;) {
    const path = `/v1/datasets?${query}${cursor && `&cursor=${cursor}`}`;
    const page: DatasetPage = await caller.json(200, path);
    seen.push(...page.items.map(({ id }) => id));
    cursor = page.nextCursor;
    await between();
  }
  return seen;
}

describe('GET /v1/datasets?tag=', () => {
  const made: { id: string; tags: string[] }[] = [];

  beforeAll(async () => {
    // Every subset of four tags, three times.
    for (let n = 0; n < 48; n += 1) {
      const tags = ['a', 'b', 'c', 'ü ü'].filter((_, bit) => (n >> bit) & 1);
      const { id } = await datasetsApi(owner).create({ name: `Subset ${n}`, tags });
      made.unshift({ id, tags });
    }
  });

  const asked: string[][] = [
    ['a'],
    ['c', 'a'],
    ['a', 'b', 'c'],
    ['ü ü', 'b'],
    ['a', 'none'],
    ['none'],
  ];

  it.each(asked.flatMap((tags) => [1, 4, 1000].map((limit) => ({ tags, limit }))))(
    'shows the datasets with all or any of $tags, $limit to a page',
    async ({ tags, limit }) => {
      const query = `limit=${limit}&${tags.map((tag) => `tag=${encodeURIComponent(tag)}`).join('&')}`;
      const all = made.filter((dataset) => tags.every((tag) => dataset.tags.includes(tag)));
      const any = made.filter((dataset) => tags.some((tag) => dataset.tags.includes(tag)));
      expect(await listed(query)).toEqual(all.map(({ id }) => id));
      expect(await listed(`${query}&tagMode=all`)).toEqual(all.map(({ id }) => id));
      expect(await listed(`${query}&tagMode=any`)).toEqual(any.map(({ id }) => id));
      for (const [mode, expected] of [
        ['all', all],
        ['any', any],
      ] as const) {
        expect(await listed(`${query}&tagMode=${mode}`, undefined, owner)).toEqual(
          expected.map(({ id }) => id),
        );
      }
    },
  );

  it('shows the same to whoever may read many others', async () => {
    const all = made.filter(({ tags }) => tags.includes('a') && tags.includes('b'));
    const any = made.filter(({ tags }) => tags.includes('a') || tags.includes('b'));
    const { id } = await addUser(app, 'of many');
    await app.database.query(
      `INSERT INTO datasets (id, slug, name, description, metadata, visibility, owner_id)
       SELECT uuidv7(), 'many-' || n, 'Many', '', '{}', 'private', $1 FROM generate_series(1, 1001) n`,
      [id],
    );
    const service = app.app.get(DatasetsService, { strict: false });
    const caller = principal({ id, subjects: [id, owner.id] });
    for (const [tagMode, expected] of [
      ['all', all],
      ['any', any],
    ] as const) {
      const page = await service.list(caller, { tags: ['a', 'b'], tagMode, limit: 1000 });
      expect(page.items.map((dataset) => dataset.id)).toEqual(expected.map((one) => one.id));
    }
    await app.database.query('DELETE FROM datasets WHERE owner_id = $1', [id]);
  });

  it('tells of each dataset what GET tells of it, tags that were not asked for too', async () => {
    const { items } = await app.json<DatasetPage>(200, '/v1/datasets?tag=a&limit=1');
    expect(items).toEqual([await app.json(200, `/v1/datasets/${made[0]?.id}`)]);
  });

  it('reads a tag in any spelling, in any order, also twice', async () => {
    const first: DatasetPage = await app.json(200, '/v1/datasets?tag=a&tag=b&limit=2');
    const query = `tag=B&tag=%EF%BC%A1&tag=b&limit=2&cursor=${first.nextCursor}`;
    const second: DatasetPage = await app.json(200, `/v1/datasets?${query}`);
    const expected = made.filter(({ tags }) => tags.includes('a') && tags.includes('b'));
    expect([...first.items, ...second.items].map(({ id }) => id)).toEqual(
      expected.slice(0, 4).map(({ id }) => id),
    );
  });

  it('binds a cursor to the filter', async () => {
    const queries = ['', 'tag=a', 'tag=b', 'tag=a&tag=b', 'tag=a&tag=b&tagMode=any'];
    for (const own of queries) {
      const { nextCursor }: DatasetPage = await app.json(200, `/v1/datasets?limit=1&${own}`);
      for (const query of queries) {
        const response = await app.fetch(`/v1/datasets?limit=1&${query}&cursor=${nextCursor}`);
        if (query === own) expect(response.status).toBe(200);
        else await expectProblem(response, 400, 'cursor-mismatch');
      }
    }
  });

  it.each([
    'tag=',
    'tag=a/b',
    'tag=%00',
    `tag=${'x'.repeat(65)}`,
    Array.from({ length: 51 }, (_, n) => `tag=t${n}`).join('&'),
    'tagMode=some',
    'tag=a&tagMode=',
    'tag=a&tagMode=all&tagMode=any',
    'tags=a',
  ])('refuses ?%s', async (query) => {
    await expectProblem(await app.fetch(`/v1/datasets?${query}`), 400, 'validation-failed');
  });

  it('hides what is deleted or may not be read', async () => {
    const service = app.app.get(DatasetsService, { strict: false });
    const stranger = principal();
    const ids: string[] = [];
    for (let n = 0; n < 6; n += 1) {
      const visibility = n % 2 ? 'public' : 'private';
      ids.unshift((await api.create({ name: `Seen ${n}`, tags: ['seen'], visibility })).id);
    }
    await app.database.query('UPDATE datasets SET deleted_at = now() WHERE id = $1', [ids[0]]);
    expect(await listed('tag=seen&limit=2')).toEqual(ids.slice(1));
    for (const tagMode of ['all', 'any'] as const) {
      const query = { tags: ['seen'], tagMode, limit: 1 };
      const { items, nextCursor } = await service.list(stranger, query);
      const rest = await service.list(stranger, { ...query, cursor: nextCursor ?? undefined });
      expect([...items, ...rest.items].map(({ id }) => id)).toEqual([ids[2], ids[4]]);
      expect(rest.nextCursor).toBeNull();
    }
  });
});

describe('Pages of datasets', () => {
  it.each(['', 'tag=watched&', 'tag=watched&tag=also&tagMode=any&'])(
    'of ?%s show everything that was there at the start once, while others insert',
    async (filter) => {
      const before: string[] = [];
      for (let n = 0; n < 40; n += 1) {
        const tags = n % 3 ? ['watched'] : ['watched', 'also'];
        before.unshift((await api.create({ name: `Before ${n}`, tags })).id);
      }
      let isOver = false;
      let inserted = 0;
      const writers = Array.from({ length: 3 }, async () => {
        while (!isOver) {
          await api.create({ name: 'Meanwhile', tags: ['watched', 'also'] });
          inserted += 1;
        }
      });
      let seen: string[];
      try {
        seen = await listed(`${filter}limit=3`);
      } finally {
        isOver = true;
        await Promise.all(writers);
      }
      expect(inserted).toBeGreaterThan(3);
      expect(seen).toHaveLength(new Set(seen).size);
      const isOfBefore = new Set(before);
      expect(seen.filter((id) => isOfBefore.has(id))).toEqual(before);
    },
  );
});
