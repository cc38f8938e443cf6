import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { EVENT_BUS, type IEventBus } from '../../src/core/contracts/event-bus.contract.js';
import { DatasetsService } from '../../src/datasets/datasets.service.js';
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

const post = (path: string, body: object, headers = {}) =>
  api.json('POST', `/v1/datasets/${path}`, body, headers);
const some = async (count: number, name: string, tags: string[] = []): Promise<Dataset[]> => {
  const made: Dataset[] = [];
  for (let n = 0; n < count; n += 1) made.push(await api.create({ name: `${name} ${n}`, tags }));
  return made;
};
const idsOf = (datasets: readonly Dataset[]): string[] => datasets.map(({ id }) => id);

describe('POST /v1/datasets/batch-get', () => {
  const get = async (ids: string[]): Promise<{ items: Dataset[]; notFound: string[] }> => {
    const response = await post('batch-get', { ids });
    expect(response.status).toBe(200);
    return (await response.json()) as { items: Dataset[]; notFound: string[] };
  };

  it('answers in the order asked, by id or slug, with what GET says of each', async () => {
    const [a, b, c] = (await some(3, 'Got')) as [Dataset, Dataset, Dataset];
    const unknown = randomUUID();
    const { items, notFound } = await get([
      c.slug,
      unknown,
      a.id.toUpperCase(),
      'nowhere',
      b.id,
      '\u0000',
      c.id,
    ]);
    expect(items).toEqual([c, a, b, c]);
    expect(items[1]).toEqual(await app.json(200, `/v1/datasets/${a.id}`));
    expect(notFound).toEqual([unknown, 'nowhere', '\u0000']);
  });

  it('answers for what may not be read as for what is unknown', async () => {
    const service = app.app.get(DatasetsService, { strict: false });
    const stranger = principal();
    const hidden = await api.create({ name: 'Not to be got' });
    const shown = await api.create({ name: 'To be got', visibility: 'public' });
    const keys = [hidden.id, shown.slug, hidden.slug, randomUUID()];
    expect(await service.getAll(stranger, keys)).toMatchObject([
      null,
      { id: shown.id },
      null,
      null,
    ]);
    await app.database.query('UPDATE datasets SET deleted_at = now() WHERE id = $1', [shown.id]);
    expect(await get([shown.id, shown.slug])).toEqual({
      items: [],
      notFound: [shown.id, shown.slug],
    });
  });

  it.each<[string, object]>([
    ['no ids', {}],
    ['an empty list', { ids: [] }],
    ['1,001 ids', { ids: Array.from({ length: 1001 }, () => 'a') }],
    ['an id that is no text', { ids: ['a', 1] }],
    ['an unknown field', { ids: ['a'], fields: ['name'] }],
  ])('refuses %s', async (_, body) => {
    await expectProblem(await post('batch-get', body), 400, 'validation-failed');
  });
});

describe('POST /v1/datasets/batch-tag', () => {
  const states = async (ids: string[]) =>
    await app.database.query<{ id: string; revision: number; tags: string[] }>(
      `SELECT d.id, d.revision, ARRAY(SELECT t.tag FROM dataset_tags t WHERE t.dataset_id = d.id
         ORDER BY t.tag) AS tags
       FROM datasets d WHERE d.id = ANY($1) ORDER BY d.id`,
      [ids],
    );

  it('adds and removes, edits only what changes, and tells of that', async () => {
    const [a, b, c] = (await some(3, 'Batch', ['old', 'kept'])) as [Dataset, Dataset, Dataset];
    await api.json('PATCH', `/v1/datasets/${b.id}`, { tags: ['new', 'kept'] });
    const told: string[] = [];
    const bus = app.app.get<IEventBus>(EVENT_BUS, { strict: false });
    const end = bus.subscribe('dataset.updated', ({ datasetId }) => void told.push(datasetId));
    const response = await post('batch-tag', {
      datasetIds: [c.slug, b.id, a.id, c.id],
      add: ['NEW'],
      remove: ['old', 'absent'],
    });
    end();
    expect(response.status).toBe(200);
    const tags = ['kept', 'new'];
    expect(await response.json()).toEqual({
      items: [c, b, a, c].map(({ id }) => ({ id, tags })),
    });
    expect(await states([a.id, b.id, c.id])).toEqual([
      { id: a.id, revision: 2, tags },
      { id: b.id, revision: 2, tags },
      { id: c.id, revision: 2, tags },
    ]);
    expect(told.sort()).toEqual([a.id, c.id].sort());
  });

  it('changes nothing when one of them can not be changed, and names it', async () => {
    const made = await some(3, 'All or nothing', ['old']);
    const ids = idsOf(made);
    const full = await api.create({
      name: 'Nearly full',
      tags: Array.from({ length: 49 }, (_, n) => `full-${n}`),
    });
    const before = await states(ids);
    const unknown = randomUUID();
    const add = ['x', 'y'];
    for (const key of [unknown, 'nowhere-at-all']) {
      const response = await post('batch-tag', { datasetIds: [...ids, key], add });
      expect((await expectProblem(response, 404, 'dataset-not-found')).detail).toContain(key);
    }
    const crowded = await post('batch-tag', { datasetIds: [...ids, full.id], add });
    const problem = await expectProblem(crowded, 400, 'validation-failed');
    expect(problem.detail).toContain(full.slug);
    expect(await states(ids)).toEqual(before);
    const swap = { datasetIds: [full.id], add, remove: ['full-0', 'full-1'] };
    expect((await post('batch-tag', swap)).status).toBe(200);
  });

  it('with an Idempotency-Key is done once, however often it is sent', async () => {
    const ids = idsOf(await some(2, 'Tagged once'));
    const headers = { 'Idempotency-Key': 'batch-tag-once' };
    const answers = await Promise.all(
      Array.from({ length: 10 }, async () => {
        const response = await post('batch-tag', { datasetIds: ids, add: ['once'] }, headers);
        expect(response.status).toBe(200);
        return await response.text();
      }),
    );
    expect(new Set(answers).size).toBe(1);
    // Undone meanwhile: a repeat does not do it again.
    await post('batch-tag', { datasetIds: ids, remove: ['once'] });
    const repeat = await post('batch-tag', { datasetIds: ids, add: ['once'] }, headers);
    expect(await repeat.text()).toBe(answers[0]);
    expect((await states(ids)).map(({ tags }) => tags)).toEqual([[], []]);
    const other = await post('batch-tag', { datasetIds: ids, add: ['twice'] }, headers);
    await expectProblem(other, 422, 'idempotency-key-reused');
  });

  it('of the same datasets in any order, many at once, all get through', async () => {
    const ids = idsOf(await some(20, 'Batches at once'));
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, n) =>
        post('batch-tag', {
          datasetIds: n % 2 ? ids : ids.toReversed(),
          add: [`batch ${n}`],
        }),
      ),
    );
    expect(answers.map(({ status }) => status)).toEqual(Array(20).fill(200));
    for (const { tags, revision } of await states(ids)) {
      expect([tags.length, revision]).toEqual([20, 21]);
    }
  });

  it.each<[string, object]>([
    ['no datasets', { add: ['x'] }],
    ['an empty list', { datasetIds: [], add: ['x'] }],
    ['1,001 datasets', { datasetIds: Array.from({ length: 1001 }, () => 'a'), add: ['x'] }],
    ['nothing to do', { datasetIds: ['a'] }],
    ['nothing in its lists', { datasetIds: ['a'], add: [], remove: [] }],
    ['a tag both ways', { datasetIds: ['a'], add: ['x'], remove: ['X '] }],
    ['a tag with a slash', { datasetIds: ['a'], add: ['a/b'] }],
    ['an empty tag to remove', { datasetIds: ['a'], remove: [''] }],
    ['tags that are no list', { datasetIds: ['a'], add: 'x' }],
    ['tags that are null', { datasetIds: ['a'], add: ['x'], remove: null }],
    ['51 tags', { datasetIds: ['a'], add: Array.from({ length: 51 }, (_, n) => `t${n}`) }],
    ['an unknown field', { datasetIds: ['a'], add: ['x'], set: ['x'] }],
  ])('refuses %s', async (_, body) => {
    await expectProblem(await post('batch-tag', body), 400, 'validation-failed');
  });
});
