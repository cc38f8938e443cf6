import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { EVENT_BUS, type IEventBus } from '../../src/core/contracts/event-bus.contract.js';
import { startTestApp, type TestApp } from '../support/app.js';
import { datasetsApi } from '../support/datasets.js';
import { expectProblem } from '../support/problems.js';

let app: TestApp;
let api: ReturnType<typeof datasetsApi>;
beforeAll(async () => {
  app = await startTestApp();
  api = datasetsApi(app);
});
afterAll(() => app.stop());

const rename = (tag: string, body: object) =>
  api.json('PATCH', `/v1/tags/${encodeURIComponent(tag)}`, body);
const read = async (id: string): Promise<{ etag: string | null; tags: string[] }> => {
  const response = await app.fetch(`/v1/datasets/${id}`);
  const { tags } = (await response.json()) as { tags: string[] };
  return { etag: response.headers.get('etag'), tags };
};

describe('PATCH /v1/tags/{tag}', () => {
  it('renames it wherever it is, and merges it with the other one', async () => {
    const made = [
      await api.create({ name: 'Renamed 1', tags: ['climat', 'x'] }),
      await api.create({ name: 'Renamed 2', tags: ['climat', 'climate change'] }),
      await api.create({ name: 'Renamed 3', tags: ['climate change'] }),
      await api.create({ name: 'Renamed 4', tags: ['climat'] }),
    ].map(({ id }) => id);
    const before = await Promise.all(made.map(read));
    const told = new Set<string>();
    const bus = app.app.get<IEventBus>(EVENT_BUS, { strict: false });
    const end = bus.subscribe('dataset.updated', ({ datasetId }) => void told.add(datasetId));
    const response = await rename('CLIMAT', { name: 'Climate  Change' });
    end();
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({ tag: 'climate change', datasets: 3, merged: 1 });
    expect(told).toEqual(new Set([made[0], made[1], made[3]]));
    const after = await Promise.all(made.map(read));
    expect(after.map(({ tags }) => tags)).toEqual([
      ['climate change', 'x'],
      ['climate change'],
      ['climate change'],
      ['climate change'],
    ]);
    expect(after.map(({ etag }, n) => etag === before[n]?.etag)).toEqual([
      false,
      false,
      true,
      false,
    ]);
    expect(await app.json(200, '/v1/tags?prefix=climat')).toMatchObject({
      items: [{ tag: 'climate change', count: 4 }],
    });
    await expectProblem(await rename('climat', { name: 'x' }), 404, 'tag-not-found');
  });

  it('to the name that it has changes nothing', async () => {
    const { id } = await api.create({ name: 'Same name', tags: ['same name'] });
    const before = await read(id);
    const response = await rename('same name', { name: 'SAME NAME' });
    expect(await response.json()).toEqual({ tag: 'same name', datasets: 0, merged: 0 });
    expect(await read(id)).toEqual(before);
    await expectProblem(await rename('nobody has', { name: 'nobody has' }), 404, 'tag-not-found');
  });

  it.each([{}, { name: null }, { name: 1 }, { name: '' }, { name: 'x', more: 1 }, { name: 'a/b' }])(
    'refuses %j',
    async (body) => {
      await expectProblem(await rename('some', body), 400, 'validation-failed');
    },
  );

  it.each(['a/b', ' ', 'x'.repeat(65), '\u0000'])('refuses %j for a tag', async (tag) => {
    await expectProblem(await rename(tag, { name: 'x' }), 400, 'validation-failed');
  });

  it('and its way back, many at once with other edits, neither fail nor lose a tag', async () => {
    const ids: string[] = [];
    for (let n = 0; n < 10; n += 1) {
      ids.push((await api.create({ name: `Raced ${n}`, tags: ['raced a', 'stays'] })).id);
    }
    const reversed = ids.toReversed();
    const answers = await Promise.all(
      Array.from({ length: 12 }, (_, n) => [
        rename('raced a', { name: 'raced b' }),
        rename('raced b', { name: 'raced a' }),
        app.fetch(`/v1/datasets/${reversed[n % 10]}/tags/own-${n}`, { method: 'PUT' }),
        api.json('POST', '/v1/datasets/batch-tag', { datasetIds: reversed, add: [`all ${n}`] }),
      ]).flat(),
    );
    for (const { status } of answers) expect([200, 201, 404]).toContain(status);
    for (const [index, id] of ids.entries()) {
      const { tags } = await read(id);
      expect(tags.filter((tag) => tag.startsWith('raced'))).toHaveLength(1);
      expect(tags.filter((tag) => tag.startsWith('all'))).toHaveLength(12);
      expect(tags).toContain('stays');
      expect(tags).toContain(`own-${9 - index}`);
    }
  });
});

describe('A tag', () => {
  it('of more than 10,000 datasets is not counted to its end, nor renamed, and that is said', async () => {
    const tagged = (count: number, tag: string) =>
      app.database.query(
        `WITH made AS (
           INSERT INTO datasets (id, slug, name, owner_id)
           SELECT gen_random_uuid(), $2 || n, 'Made', gen_random_uuid()
           FROM generate_series(1, $1::int) n RETURNING id)
         INSERT INTO dataset_tags SELECT id, $2 FROM made`,
        [count, tag],
      );
    await tagged(10_000, 'wide-a');
    await tagged(10_001, 'wide-b');
    const { items } = await app.json<{ items: object[] }>(200, '/v1/tags?prefix=wide');
    expect(items).toEqual([
      { tag: 'wide-a', count: 10_000, exact: true },
      { tag: 'wide-b', count: 10_000, exact: false },
    ]);
    const byCount = await app.json<{ items: object[] }>(200, '/v1/tags?prefix=wide&sort=count');
    expect(byCount.items[0]).toEqual({ tag: 'wide-b', count: 10_001, exact: true });
    await expectProblem(await rename('wide-b', { name: 'wide' }), 409, 'tag-too-common');
    expect(await (await rename('wide-a', { name: 'wide' })).json()).toMatchObject({
      datasets: 10_000,
      merged: 0,
    });
  });
});
