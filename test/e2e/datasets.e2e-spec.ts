import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { EVENT_BUS, type IEventBus } from '../../src/core/contracts/event-bus.contract.js';
import { ForbiddenError } from '../../src/core/errors/index.js';
import { DatasetNotFoundError } from '../../src/datasets/datasets.errors.js';
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

const UUID_V7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

const rows = async (): Promise<unknown> =>
  await app.database.query(
    `SELECT (SELECT count(*)::int FROM datasets) AS datasets,
            (SELECT count(*)::int FROM dataset_versions) AS versions,
            (SELECT count(*)::int FROM components) AS components,
            (SELECT sum(reference_count)::int FROM files) AS references`,
  );

describe('POST /v1/datasets', () => {
  it('makes a dataset, found by its id and by its slug', async () => {
    const body = {
      name: 'Seattle weather',
      slug: 'seattle-weather',
      description: 'Daily observations',
      tags: ['Climate', ' daily  data ', 'climate'],
      metadata: { licence: 'CC0-1.0', years: [2012, 2015] },
      visibility: 'public',
    };
    const response = await api.json('POST', '/v1/datasets', body);
    expect(response.status).toBe(201);
    const dataset = (await response.json()) as Dataset;
    expect(response.headers.get('location')).toBe(`/v1/datasets/${dataset.id}`);
    expect(dataset).toEqual({
      ...body,
      id: expect.stringMatching(UUID_V7),
      tags: ['climate', 'daily data'],
      ownerId: expect.any(String),
      role: 'admin',
      latestVersion: null,
      createdAt: expect.any(String),
      updatedAt: expect.any(String),
    });
    expect(await app.json(200, `/v1/datasets/${dataset.id}`)).toEqual(dataset);
    expect(await app.json(200, '/v1/datasets/seattle-weather')).toEqual(dataset);
  });

  it.each([
    ['São Paulo: trips!', 'sao-paulo-trips'],
    ['表計算', 'dataset'],
    ['  --  ', 'dataset-[0-9a-f]{12}'],
    ['x'.repeat(200), 'x{80}'],
  ])('makes a slug of the name %s', async (name, slug) => {
    expect((await api.create({ name })).slug).toMatch(new RegExp(`^${slug}$`));
  });

  it('tells two of one name apart, and refuses a slug that is taken', async () => {
    const [first, second] = [
      await api.create({ name: 'Same' }),
      await api.create({ name: 'Same' }),
    ];
    expect(first.slug).toBe('same');
    expect(second.slug).toMatch(/^same-[0-9a-f]{12}$/);
    const third = await api.json('POST', '/v1/datasets', { name: 'Third', slug: 'same' });
    await expectProblem(third, 409, 'slug-taken');
  });

  it('makes the first version with it, or neither', async () => {
    const fileId = await api.upload('first version');
    const files = [{ path: 'data/first.csv', fileId, metadata: { raw: true } }];
    const { id, latestVersion } = await api.create({ name: 'with files', files });
    expect(latestVersion).toBe(1);
    expect(await api.files(id, 1)).toMatchObject([
      { path: 'data/first.csv', metadata: { raw: true } },
    ]);
    const before = await rows();
    for (const [refused, status, code] of [
      [[...files, { path: 'b', fileId: 2_000_000_000 }], 404, 'file-not-found'],
      [[...files, { path: '../b', fileId }], 400, 'validation-failed'],
      [[...files, { path: 'data', fileId }], 409, 'path-conflict'],
      [[...files, ...files], 400, 'validation-failed'],
    ] as const) {
      const response = await api.json('POST', '/v1/datasets', { name: 'not', files: refused });
      await expectProblem(response, status, code);
    }
    expect(await rows()).toEqual(before);
  });

  it('with an Idempotency-Key makes one, however often it is sent', async () => {
    const headers = { 'Idempotency-Key': 'dataset-once' };
    const answers = await Promise.all(
      Array.from({ length: 20 }, async () => {
        const response = await api.json('POST', '/v1/datasets', { name: 'Once only' }, headers);
        expect(response.status).toBe(201);
        return await response.text();
      }),
    );
    expect(new Set(answers).size).toBe(1);
    const other = await api.json('POST', '/v1/datasets', { name: 'Another' }, headers);
    await expectProblem(other, 422, 'idempotency-key-reused');
  });

  it.each<[string, object]>([
    ['no name', {}],
    ['an empty name', { name: '' }],
    ['a blank name', { name: ' \t' }],
    ['a name of 201 characters', { name: 'x'.repeat(201) }],
    ['a name with a NUL', { name: 'x\u0000' }],
    ['a description of broken Unicode', { name: 'x', description: '\ud800' }],
    ['a file that says what to do with it', { name: 'x', files: [{ op: 'delete', path: 'a' }] }],
    ['a file that is none', { name: 'x', files: [1] }],
    ['an unknown field', { name: 'x', owner: 'me' }],
    ['a slug with a capital', { name: 'x', slug: 'Slug' }],
    ['a slug like an id', { name: 'x', slug: '01a20ed1-0acd-765a-aaa5-15c08cde0dc7' }],
    ['metadata that is no object', { name: 'x', metadata: [] }],
    ['metadata of 65 KiB', { name: 'x', metadata: { a: 'x'.repeat(65 * 1024) } }],
    ['an unknown visibility', { name: 'x', visibility: 'secret' }],
    ['an empty tag', { name: 'x', tags: [' '] }],
    ['a tag with a slash', { name: 'x', tags: ['a/b'] }],
    ['a tag that URLs take for the folder above', { name: 'x', tags: ['..'] }],
    ['a tag that URLs take for the folder', { name: 'x', tags: [' . '] }],
    ['51 tags', { name: 'x', tags: Array.from({ length: 51 }, (_, n) => `t${n}`) }],
    ['files that are no list', { name: 'x', files: {} }],
  ])('refuses %s', async (_, body) => {
    const before = await rows();
    await expectProblem(await api.json('POST', '/v1/datasets', body), 400, 'validation-failed');
    expect(await rows()).toEqual(before);
  });
});

describe('PATCH /v1/datasets/{id}', () => {
  const edit = (id: string, body: object, headers = {}) =>
    api.json('PATCH', `/v1/datasets/${id}`, body, headers);

  it('changes what is given, and the ETag with it', async () => {
    const made = await api.create({ name: 'Before', tags: ['kept'], metadata: { a: 1 } });
    const read = await app.fetch(`/v1/datasets/${made.id}`);
    const etag = read.headers.get('etag') as string;
    const response = await edit(
      made.id,
      { name: 'After', metadata: { b: 2 } },
      { 'If-Match': etag },
    );
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({
      name: 'After',
      slug: made.slug,
      tags: ['kept'],
      metadata: { b: 2 },
    });
    expect(response.headers.get('etag')).not.toBe(etag);
    await expectProblem(
      await edit(made.id, { name: 'Late' }, { 'If-Match': etag }),
      412,
      'etag-mismatch',
    );
    expect(await app.json(200, `/v1/datasets/${made.id}`)).toMatchObject({ name: 'After' });
  });

  it('has the same ETag after a commit, which is no edit, and is told anew all the same', async () => {
    const { id } = await api.create({ name: 'Cached' });
    const etag = (await app.fetch(`/v1/datasets/${id}`)).headers.get('etag') as string;
    await api.commit(id, [{ op: 'put', path: 'a', fileId: await api.upload('cached') }]);
    const again = await app.fetch(`/v1/datasets/${id}`);
    expect(again.headers.get('etag')).toBe(etag);
    const headers = { 'If-None-Match': etag };
    const polled = await app.fetch(`/v1/datasets/${id}`, { headers });
    expect(await polled.json()).toMatchObject({ latestVersion: 1 });
  });

  it('of many at once on one ETag lets one through', async () => {
    const { id } = await api.create({ name: 'Raced' });
    const etag = (await app.fetch(`/v1/datasets/${id}`)).headers.get('etag') as string;
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, n) => edit(id, { name: `Raced ${n}` }, { 'If-Match': etag })),
    );
    expect(answers.map(({ status }) => status).sort((x, y) => x - y)).toEqual([
      200,
      ...Array(9).fill(412),
    ]);
  });

  it('of many at once without an ETag keeps every one', async () => {
    const { id } = await api.create({ name: 'Edited by many' });
    const edits = [
      { name: 'New' },
      { description: 'new' },
      { tags: ['new'] },
      { metadata: { n: 1 } },
    ];
    const answers = await Promise.all(edits.map((body) => edit(id, body)));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
    expect(await app.json(200, `/v1/datasets/${id}`)).toMatchObject(Object.assign({}, ...edits));
  });

  it('refuses a slug that is taken, an unknown field, an unknown dataset', async () => {
    const [one, two] = [
      await api.create({ name: 'Edit one' }),
      await api.create({ name: 'Edit two' }),
    ];
    await expectProblem(await edit(two.id, { slug: one.slug }), 409, 'slug-taken');
    await expectProblem(await edit(two.id, { id: one.id }), 400, 'validation-failed');
    for (const field of ['name', 'slug', 'description', 'tags', 'metadata', 'visibility']) {
      await expectProblem(await edit(two.id, { [field]: null }), 400, 'validation-failed');
    }
    await expectProblem(await edit('nowhere', { name: 'x' }), 404, 'dataset-not-found');
  });
});

describe('GET /v1/datasets', () => {
  it('pages through all of them once, newest first, while others are added', async () => {
    const made: string[] = [];
    for (let n = 0; n < 9; n += 1) made.push((await api.create({ name: `Paged ${n}` })).id);
    const seen: string[] = [];
    for (let cursor: string | null = ''; cursor !== null;) {
      const page: { items: Dataset[]; nextCursor: string | null } = await app.json(
        200,
        `/v1/datasets?limit=2${cursor && `&cursor=${cursor}`}`,
      );
      seen.push(...page.items.map(({ id }) => id));
      cursor = page.nextCursor;
      await api.create({ name: 'Added meanwhile' });
    }
    expect(new Set(seen).size).toBe(seen.length);
    expect(seen.filter((id) => made.includes(id))).toEqual(made.toReversed());
    await expectProblem(await app.fetch('/v1/datasets?cursor=x'), 400, 'cursor-mismatch');
  });

  it.each(['nowhere', '01a20ed1-0acd-765a-aaa5-15c08cde0dc7', '%00', 'A', '-', 'x'.repeat(300)])(
    'knows no dataset %s',
    async (key) => {
      for (const path of ['', '/versions', '/versions/1', '/versions/1/files']) {
        const response = await app.fetch(`/v1/datasets/${key}${path}`);
        await expectProblem(response, 404, 'dataset-not-found');
      }
    },
  );
});

describe('Events', () => {
  it('tell of datasets and versions after they are committed', async () => {
    const bus = app.app.get<IEventBus>(EVENT_BUS, { strict: false });
    const told: [string, object][] = [];
    const names = ['dataset.created', 'dataset.updated', 'version.created'] as const;
    const ends = names.map((name) =>
      bus.subscribe(name, (payload) => void told.push([name, payload])),
    );
    const fileId = await api.upload('told');
    const { id } = await api.create({ name: 'Told', files: [{ path: 'a', fileId }] });
    await api.json('PATCH', `/v1/datasets/${id}`, { name: 'Told anew' });
    await api.tryCommit(id, { changes: [{ op: 'delete', path: 'absent' }] });
    for (const end of ends) end();
    expect(told).toEqual([
      ['dataset.created', expect.objectContaining({ datasetId: id })],
      ['version.created', expect.objectContaining({ datasetId: id, versionNumber: 1 })],
      ['dataset.updated', expect.objectContaining({ datasetId: id })],
    ]);
  });
});

describe('A dataset of somebody else', () => {
  it('is hidden while it is private, and not to be changed when it is public', async () => {
    const service = app.app.get(DatasetsService, { strict: false });
    const stranger = principal();
    const { id } = await api.create({ name: 'Not yours' });
    await expect(service.get(stranger, id)).rejects.toThrow(DatasetNotFoundError);
    await api.json('PATCH', `/v1/datasets/${id}`, { visibility: 'public' });
    expect(await service.get(stranger, id)).toMatchObject({ id });
    await expect(service.patch(stranger, id, { name: 'Mine' }, () => true)).rejects.toThrow(
      ForbiddenError,
    );
  });
});
