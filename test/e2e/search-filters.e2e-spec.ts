import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { SEARCH_SERVICE, type ISearchService } from '../../src/core/contracts/search.contract.js';
import { startTestApp, type TestApp } from '../support/app.js';
import { datasetsApi } from '../support/datasets.js';
import { searchApi } from '../support/search.js';
import { principal } from '../support/principals.js';

let app: TestApp;
let api: ReturnType<typeof datasetsApi>;
let search: ReturnType<typeof searchApi>;
beforeAll(async () => {
  app = await startTestApp();
  api = datasetsApi(app);
  search = searchApi(app);
});
afterAll(() => app.stop());

const edit = async (id: string, body: object) => {
  expect((await api.json('PATCH', `/v1/datasets/${id}`, body)).status).toBe(200);
};

describe('Filters and facets', () => {
  const made: { tags: string[]; types: string[] }[] = [];
  const TYPES = ['csv', 'json', 'parquet'];
  beforeAll(async () => {
    for (let n = 0; n < 24; n += 1) {
      const tags = ['facetted', `mod2-${n % 2}`, `mod3-${n % 3}`];
      const types = TYPES.filter((_, index) => (n >> index) % 2 === 1);
      const files = await Promise.all(
        types.map(async (fileType) => ({
          path: `f.${fileType}`,
          fileType,
          fileId: await api.upload(`${fileType} of facets`),
        })),
      );
      await api.create({ name: `Facetted ${n % 4 === 0 ? 'quarter' : 'rest'}`, tags, files });
      made.push({ tags, types });
    }
  });

  /** Counted from what was created. */
  const counted = (rows: string[][]) => {
    const counts = new Map<string, number>();
    for (const value of rows.flat()) counts.set(value, (counts.get(value) ?? 0) + 1);
    return [...counts]
      .map(([value, count]) => ({ value, count }))
      .sort((one, other) => other.count - one.count || (one.value < other.value ? -1 : 1));
  };
  const expected = (isIn: (made: { tags: string[]; types: string[] }, n: number) => boolean) => {
    const rows = made.filter(isIn);
    return {
      total: { value: rows.length, relation: 'exact' },
      facets: {
        tags: counted(rows.map(({ tags }) => tags)),
        fileTypes: counted(rows.map(({ types }) => types)),
      },
    };
  };

  it('count over all that is found, whatever the page', async () => {
    const all = expected(() => true);
    expect(await search.search({ tag: 'facetted', limit: '3' })).toMatchObject(all);
    expect(await search.search({ q: 'facetted', limit: '1' })).toMatchObject(all);
  });

  it('leave what has all of the tags, all of the types, and the words', async () => {
    expect(await search.search({ tag: ['mod2-1', 'mod3-2', 'facetted'] })).toMatchObject(
      expected((_, n) => n % 6 === 5),
    );
    expect(await search.search({ tag: 'facetted', fileType: ['csv', 'parquet'] })).toMatchObject(
      expected(({ types }) => types.includes('csv') && types.includes('parquet')),
    );
    expect(
      await search.search({ q: 'quarter facetted', tag: 'mod3-0', fileType: 'json' }),
    ).toMatchObject(
      expected(({ types }, n) => n % 4 === 0 && n % 3 === 0 && types.includes('json')),
    );
  });

  it('without words list the newest first; without filters everything', async () => {
    const first = await api.create({ name: 'Listed first', tags: ['listed'] });
    const second = await api.create({ name: 'Listed second', tags: ['listed'] });
    const { items } = await search.search({ tag: 'listed' });
    expect(items).toMatchObject([
      { id: second.id, score: 0, highlights: [] },
      { id: first.id, score: 0, highlights: [] },
    ]);
    const everything = await search.search({ limit: '1000' });
    const [row] = await app.database.query<{ n: number }>(
      'SELECT count(*)::int AS n FROM datasets WHERE deleted_at IS NULL',
    );
    expect(everything.total).toEqual({ value: row!.n, relation: 'exact' });
    expect(everything.items[0]).toMatchObject({ id: second.id });
  });
});

describe('What the caller may not read', () => {
  it('is in no result, count or facet', async () => {
    const mine = await api.create({ name: 'Secret bandicoot', tags: ['bandicoots'] });
    const open = await api.create({
      name: 'Open bandicoot',
      tags: ['bandicoots', 'shared'],
      visibility: 'public',
    });
    const owner = randomUUID();
    const theirs = await api.create({ name: 'Their bandicoot', tags: ['bandicoots', 'theirs'] });
    await app.database.query('UPDATE datasets SET owner_id = $2 WHERE id = $1', [theirs.id, owner]);
    const service = app.app.get<ISearchService>(SEARCH_SERVICE, { strict: false });
    const as = async (id: string, isAdmin: boolean, request: object) => {
      const { items, total, facets } = await service.search(principal({ id, isAdmin }), {
        limit: 10,
        ...request,
      });
      const ids = items.map((item) => item.id).sort();
      return { ids, total: total.value, tags: facets.tags.map(({ value }) => value) };
    };
    for (const request of [{ text: 'bandicoot' }, { text: 'bandicot' }, { tags: ['bandicoots'] }]) {
      expect(await as(owner, false, request)).toEqual({
        ids: [open.id, theirs.id].sort(),
        total: 2,
        tags: ['bandicoots', 'shared', 'theirs'],
      });
      expect(await as(randomUUID(), false, request)).toEqual({
        ids: [open.id],
        total: 1,
        tags: ['bandicoots', 'shared'],
      });
      expect((await as(randomUUID(), true, request)).ids).toEqual(
        [mine.id, open.id, theirs.id].sort(),
      );
    }
    expect((await as(owner, false, { text: 'bandicoot', ownerId: owner })).ids).toEqual([
      theirs.id,
    ]);
    expect((await as(owner, true, { text: 'bandicoot', visibility: 'public' })).ids).toEqual([
      open.id,
    ]);
    await edit(open.id, { visibility: 'private' });
    expect(await as(randomUUID(), false, { text: 'bandicoot' })).toMatchObject({ total: 0 });
  });
});
