import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { AuditSealer } from '../../src/access/audit/chain/audit-sealer.service.js';
import { LayerCompactor } from '../../src/datasets/versions/layer-compactor.service.js';
import { startTestApp, type TestApp } from '../support/app.js';
import { datasetsApi, put, type Dataset } from '../support/datasets.js';
import { StatementCounter, stopPeriodicTasks } from '../support/statements.js';

const FEW = 10;
const MANY = 200;

let app: TestApp;
let api: ReturnType<typeof datasetsApi>;
let statements: StatementCounter;
const datasets: Dataset[] = [];

beforeAll(async () => {
  app = await startTestApp();
  api = datasetsApi(app);
  statements = StatementCounter.of(app);
  for (let n = 0; n < MANY; n += 1) {
    datasets.push(await api.create({ name: `Counted ${n}`, tags: ['all', `of ${n}`] }));
  }
  await stopPeriodicTasks(app);
  await app.app.get(AuditSealer, { strict: false }).beforeApplicationShutdown();
});
afterAll(async () => {
  statements.stop();
  await app.stop();
});

const ids = (count: number): string[] => datasets.slice(0, count).map(({ id }) => id);
const ok = async (response: Response): Promise<{ items: unknown[] }> => {
  const text = await response.text();
  if (!response.ok) throw new Error(`${response.status}: ${text}`);
  return JSON.parse(text) as { items: unknown[] };
};

/** Shows how many items a request answers with when it is asked for so many. */
type Ask = (count: number) => Promise<{ items: unknown[] }>;

async function expectAsManyForMany(ask: Ask): Promise<void> {
  const few = await statements.during(async () => expect((await ask(FEW)).items).toHaveLength(FEW));
  const many = await statements.during(async () =>
    expect((await ask(MANY)).items).toHaveLength(MANY),
  );
  expect(few.length).toBeGreaterThan(0);
  expect(many).toEqual(few);
}

const post = (path: string, body: object) => api.json('POST', `/v1/datasets/${path}`, body);

describe('As many statements for 200 items as for 10 are sent by', () => {
  const lists: [string, Ask][] = [
    ['GET /v1/datasets', async (n) => ok(await app.fetch(`/v1/datasets?limit=${n}`))],
    ['GET /v1/datasets?tag=', async (n) => ok(await app.fetch(`/v1/datasets?tag=all&limit=${n}`))],
    ['GET /v1/tags', async (n) => ok(await app.fetch(`/v1/tags?limit=${n}`))],
    ['GET /v1/tags?sort=count', async (n) => ok(await app.fetch(`/v1/tags?sort=count&limit=${n}`))],
    ['POST /v1/datasets/batch-get', async (n) => ok(await post('batch-get', { ids: ids(n) }))],
    [
      'POST /v1/datasets/batch-tag',
      async (n) => ok(await post('batch-tag', { datasetIds: ids(n), add: [`batch of ${n}`] })),
    ],
  ];

  it.each(lists)('%s', async (_, ask) => {
    await expectAsManyForMany(ask);
  });

  it('GET /v1/datasets/{id}/versions', async () => {
    const { id } = await api.create({ name: 'Many versions' });
    const fileId = await api.upload('many versions');
    for (let n = 0; n < MANY; n += 1) await api.commit(id, [put(`f${n}`, fileId)]);
    await app.app.get(LayerCompactor).beforeApplicationShutdown();
    await expectAsManyForMany(async (n) =>
      ok(await app.fetch(`/v1/datasets/${id}/versions?limit=${n}`)),
    );
  });

  it.each(['', '&delimiter=/'])(
    'GET /v1/datasets/{id}/versions/{ref}/files?limit=…%s',
    async (more) => {
      const fileId = await api.upload('many files');
      const changes = Array.from({ length: MANY }, (_, n) => put(`f${n}.csv`, fileId));
      const { id } = await api.create({ name: 'Many files' });
      await api.commit(id, changes);
      const list = (n: number) =>
        app.fetch(`/v1/datasets/${id}/versions/1/files?limit=${n}${more}`);
      // What was found of the version by the first request is kept for the next.
      await list(1);
      await expectAsManyForMany(async (n) => ok(await list(n)));
    },
  );

  it('GET /v1/datasets/{id}/diff and GET /v1/datasets/{id}/refs', async () => {
    const fileId = await api.upload('many differences');
    const { id } = await api.create({ name: 'Many differences' });
    await api.commit(id, [put('first', fileId)]);
    await api.commit(
      id,
      Array.from({ length: MANY }, (_, n) => put(`f${n}.csv`, fileId)),
    );
    for (let n = 0; n < MANY; n += 1) {
      await api.json('PUT', `/v1/datasets/${id}/refs/r${n}`, { version: 1, kind: 'tag' });
    }
    const diff = (n: number) => app.fetch(`/v1/datasets/${id}/diff?base=1&head=2&limit=${n}`);
    await diff(1);
    await expectAsManyForMany(async (n) => ok(await diff(n)));
    await expectAsManyForMany(async (n) =>
      ok(await app.fetch(`/v1/datasets/${id}/refs?limit=${n}`)),
    );
  });
});

describe('The count of statements', () => {
  it('sees a statement per item: of one request each, it grows with them', async () => {
    const one = await statements.during(() => app.json(200, `/v1/datasets/${datasets[0]?.id}`));
    const ten = await statements.during(async () => {
      for (const { id } of datasets.slice(0, 10)) await app.json(200, `/v1/datasets/${id}`);
    });
    expect(one.length).toBeGreaterThan(0);
    expect(ten).toHaveLength(10 * one.length);
  });

  it('sees the ends of a transaction', async () => {
    const edit = await statements.during(() =>
      api.json('PATCH', `/v1/datasets/${datasets[0]?.id}`, { description: 'edited' }),
    );
    expect(edit).toEqual(
      expect.arrayContaining([expect.stringMatching(/^(?:BEGIN|START)/), 'COMMIT']),
    );
  });
});
