import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startTestApp, type TestApp } from '../support/app.js';
import { datasetsApi } from '../support/datasets.js';
import { expectProblem } from '../support/problems.js';
import { searchApi } from '../support/search.js';

let app: TestApp;
let api: ReturnType<typeof datasetsApi>;
let search: ReturnType<typeof searchApi>;
beforeAll(async () => {
  app = await startTestApp();
  api = datasetsApi(app);
  search = searchApi(app);
});
afterAll(() => app.stop());

describe('The pages of a search', () => {
  const ids = new Set<string>();
  beforeAll(async () => {
    for (let n = 0; n < 17; n += 1) {
      // Groups of equal score, so that only the id tells them apart.
      const description = n % 3 === 0 ? 'kiwi' : 'something else';
      const made = await api.create({ name: n % 2 ? 'kiwi' : 'kiwi and more', description });
      ids.add(made.id);
    }
  });

  it.each([{ q: 'kiwi' }, { q: 'kiwii' }, { tag: [] as string[] }])(
    'show each dataset once, the best first, while others are added: %j',
    async (parameters) => {
      const before = await search.search(parameters);
      const found = await search.all({ ...parameters, limit: '4' }, async () => {
        await api.create({ name: 'kiwi', description: 'kiwi' });
      });
      const seen = found.map(({ id }) => id);
      expect(new Set(seen).size).toBe(seen.length);
      expect(seen).toHaveLength(before.total.value);
      for (const id of ids) expect(seen).toContain(id);
      const ranks = found.map(({ score, id }) => [score, id] as const);
      expect(ranks).toEqual(
        ranks.toSorted(([s1, id1], [s2, id2]) => s2 - s1 || (id1 < id2 ? 1 : -1)),
      );
    },
  );

  it('say the same score in every page, and none is the last', async () => {
    const whole = await search.search({ q: 'kiwi', limit: '1000' });
    expect(whole.nextCursor).toBeNull();
    const scores = new Map(whole.items.map(({ id, score }) => [id, score]));
    for (const { id, score } of await search.all({ q: 'kiwi', limit: '5' })) {
      expect(score).toBe(scores.get(id));
    }
  });

  it('are bound to the words and the filters', async () => {
    const { nextCursor } = await search.search({ q: 'kiwi', limit: '1' });
    const cursor = nextCursor as string;
    await search.search({ q: 'kiwi', limit: '7', cursor });
    for (const other of [
      { q: 'kiwis' },
      { q: 'kiwi', tag: 'x' },
      { q: 'kiwi', fileType: 'csv' },
      { q: 'kiwi', visibility: 'public' },
      {},
    ]) {
      await expectProblem(await search.fetch({ ...other, cursor }), 400, 'cursor-mismatch');
    }
    const { nextCursor: listed } = (await app.json(200, '/v1/datasets?limit=1')) as {
      nextCursor: string;
    };
    await expectProblem(await search.fetch({ cursor: listed }), 400, 'cursor-mismatch');
  });

  it('can not be made to run what a forged cursor brings', async () => {
    const { encodeCursor } = await import('../../src/core/http/cursor.js');
    const id = [...ids][0] as string;
    const given = { text: 'kiwi' };
    const forged = (key: object) =>
      search.fetch({ q: 'kiwi', cursor: encodeCursor(key, 'search', given) });
    const key = { id, score: 0.5, newest: id, similar: [['kiwis']] };
    expect((await forged(key)).status).toBe(200);
    for (const part of [
      { similar: [["x' | 'kiwi"]] },
      { similar: [[':*']] },
      { similar: [[7]] },
      { similar: 'kiwi' },
      { score: 'NaN' },
      { id: "' OR true" },
      { newest: null },
    ]) {
      await expectProblem(await forged({ ...key, ...part }), 400, 'cursor-mismatch');
    }
  });
});

describe('A search for', () => {
  const HOSTILE = [
    "'",
    "''",
    '\\',
    "kiwi' | 'x",
    '&|!():*',
    'kiwi & !more',
    'a:*',
    ':*',
    '%',
    '_',
    '<->',
    '"kiwi"',
    "'; DROP TABLE datasets; --",
    '$1',
    '\u0001\u001f',
    '\u200d\ufeff',
    '😀',
    '\u0301\u0301',
    'ﷺ',
    '½ ² Ⅷ',
    'ｶﾞ゛゜',
    '\u{e0100}',
    'a'.repeat(200),
    '漢'.repeat(200),
    'ก'.repeat(200),
    'a '.repeat(100),
    Array.from({ length: 66 }, (_, n) => String.fromCodePoint(0x4e00 + n * 7)).join(' '),
    'constructor __proto__',
  ];

  it.each(HOSTILE)('%j is answered', async (q) => {
    const answer = await search.search({ q });
    expect(answer.total.relation).toBe('exact');
  });

  it.each(['', '  '])('%j is one for everything', async (q) => {
    const [all, answer] = [await search.search({}), await search.search({ q })];
    expect(answer.total).toEqual(all.total);
    expect(answer.items).toEqual(all.items);
  });

  it.each(['!!!', '%', '😀'])('%j, which has no words, finds nothing', async (q) => {
    expect(await search.search({ q })).toEqual({
      items: [],
      total: { value: 0, relation: 'exact' },
      similar: false,
      facets: { tags: [], fileTypes: [] },
      nextCursor: null,
    });
  });

  it('the name of a dataset finds it, whatever is in it', async () => {
    for (const q of HOSTILE.filter((text) => /[\p{L}\p{N}]/u.test(text))) {
      const { id } = await api.create({ name: q });
      const found = await search.all({ q });
      expect(found.map((item) => item.id)).toContain(id);
    }
  });

  it.each([
    ['a NUL', { q: 'ki\u0000wi' }, '/q'],
    ['10 kB', { q: 'x'.repeat(10_000) }, '/q'],
    ['two texts', { q: ['a', 'b'] }, '/q'],
    ['an empty tag', { tag: '' }, '/tag'],
    ['a tag that none can be', { tag: 'a/b' }, '/tag'],
    ['a NUL in a tag', { tag: 'a\u0000' }, '/tag'],
    ['too many tags', { tag: Array.from({ length: 51 }, (_, n) => `t${n}`) }, '/tag'],
    ['a NUL in a type', { fileType: 'a\u0000' }, '/fileType'],
    ['an owner that is no id', { owner: 'me' }, '/owner'],
    ['another visibility', { visibility: 'secret' }, '/visibility'],
    ['no items', { limit: '0' }, '/limit'],
    ['too many items', { limit: '1001' }, '/limit'],
    ['an unknown filter', { tags: 'a' }, '/tags'],
  ])('%s is refused', async (_what, parameters, pointer) => {
    const answer = await search.fetch(parameters as Record<string, string>);
    const { errors } = await expectProblem(answer, 400, 'validation-failed');
    expect(new Set(errors?.map((fault) => fault.pointer))).toEqual(new Set([pointer]));
  });

  it('nothing without a key', async () => {
    const answer = await fetch(`${app.url}/v1/search?q=kiwi`);
    await expectProblem(answer, 401, 'unauthenticated');
  });
});
