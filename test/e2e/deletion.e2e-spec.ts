import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { EVENT_BUS, type IEventBus } from '../../src/core/contracts/event-bus.contract.js';
import { Releaser } from '../../src/datasets/deletion/releaser.service.js';
import { startTestApp, type TestApp } from '../support/app.js';
import { datasetsApi, put, remove } from '../support/datasets.js';
import { expectProblem } from '../support/problems.js';

let app: TestApp;
let api: ReturnType<typeof datasetsApi>;
beforeAll(async () => {
  app = await startTestApp();
  api = datasetsApi(app);
});
afterAll(() => app.stop());

const referencesOn = async (fileId: number): Promise<number> => {
  const [row] = await app.database.query<{ n: number }>(
    'SELECT reference_count::int AS n FROM files WHERE id = $1',
    [fileId],
  );
  return row?.n ?? 0;
};
const removeAt = (path: string, headers = {}) => app.fetch(path, { method: 'DELETE', headers });
const restore = (id: string, body = {}) => api.json('POST', `/v1/datasets/${id}/restore`, body);
/** As if the dataset had been deleted so many days ago. */
const age = (id: string, days: number) =>
  app.database.query(
    'UPDATE datasets SET deleted_at = now() - make_interval(days => $2) WHERE id = $1',
    [id, days],
  );

describe('A deleted version', () => {
  it('is gone at once, and later ones keep what they show', async () => {
    const [kept, lost] = [await api.upload('kept by 2'), await api.upload('lost with 1')];
    const files = [
      { path: 'kept', fileId: kept },
      { path: 'lost', fileId: lost },
    ];
    const { id } = await api.create({ name: 'Deleted version', files });
    await api.commit(id, [remove('lost')]);
    await api.json('PUT', `/v1/datasets/${id}/refs/v1`, { version: 1, kind: 'tag' });
    const one = `/v1/datasets/${id}/versions/1`;
    const { id: firstId } = await app.json<{ id: string }>(200, one);
    expect(await referencesOn(lost)).toBe(2);

    expect((await removeAt(one)).status).toBe(204);
    for (const ref of ['1', firstId, 'v1']) {
      const path = `/v1/datasets/${id}/versions/${ref}`;
      for (const rest of ['', '/files', '/content/kept', '/overlay']) {
        await expectProblem(await app.fetch(path + rest), 410, 'version-deleted');
      }
    }
    await expectProblem(await removeAt(one), 410, 'version-deleted');
    await expectProblem(
      await app.fetch(`/v1/datasets/${id}/diff?base=1&head=2`),
      410,
      'version-deleted',
    );
    expect(await app.json(200, `/v1/datasets/${id}/versions`)).toMatchObject({
      items: [{ versionNumber: 2 }],
    });
    await app.app.get(Releaser).release();
    expect(await (await api.content(id, 2, 'kept')).text()).toBe('kept by 2');
    expect([await referencesOn(kept), await referencesOn(lost)]).toEqual([2, 1]);
    expect(await api.commit(id, [put('next', kept)])).toMatchObject({ versionNumber: 3 });
  });

  it('hands its branches back to the version before it, or ends them', async () => {
    const fileId = await api.upload('handed back');
    const { id } = await api.create({ name: 'Heads', files: [{ path: 'a', fileId }] });
    await api.commit(id, [put('b', fileId)]);
    await api.commit(id, [put('c', fileId)]);
    const at = (ref: string) => app.fetch(`/v1/datasets/${id}/versions/${ref}`);
    await removeAt(`/v1/datasets/${id}/versions/2`);
    for (const moving of ['latest', 'main']) {
      const again = await removeAt(`/v1/datasets/${id}/versions/${moving}`);
      await expectProblem(again, 400, 'validation-failed');
    }
    await removeAt(`/v1/datasets/${id}/versions/3`);
    expect(await (await at('latest')).json()).toMatchObject({ versionNumber: 1 });
    expect(await app.json(200, `/v1/datasets/${id}`)).toMatchObject({ latestVersion: 1 });
    await removeAt(`/v1/datasets/${id}/versions/1`);
    await expectProblem(await at('main'), 404, 'version-not-found');
    await app.app.get(Releaser).release();
    expect(await referencesOn(fileId)).toBe(1);
    // Numbers are given once.
    expect(await api.commit(id, [put('d', fileId)])).toMatchObject({
      versionNumber: 4,
      parentId: null,
    });
  });

  it('gives each reference up once, however many are deleted and released at a time', async () => {
    const fileId = await api.upload('deleted by many');
    const { id } = await api.create({ name: 'Many', files: [{ path: 'a', fileId }] });
    for (let n = 0; n < 6; n += 1) await api.commit(id, [put(`n${n}`, fileId)]);
    const releaser = app.app.get(Releaser);
    await Promise.all(
      [1, 2, 3, 4, 5, 6, 7].flatMap((version) => [
        removeAt(`/v1/datasets/${id}/versions/${version}`),
        releaser.release(),
      ]),
    );
    await releaser.release();
    expect(await referencesOn(fileId)).toBe(1);
    const [left] = await app.database.query(
      `SELECT count(*)::int AS n FROM file_references WHERE owner_type = 'dataset' AND owner_id = $1`,
      [id],
    );
    expect(left).toEqual({ n: 0 });
  });
});

describe('A deleted dataset', () => {
  it('is hidden at once, and whole again when it is restored', async () => {
    const events: unknown[] = [];
    const end = app.app
      .get<IEventBus>(EVENT_BUS)
      .subscribe('dataset.deleted', (event) => void events.push(event));
    const fileId = await api.upload('restored');
    const { id, slug } = await api.create({ name: 'Hidden', files: [{ path: 'a', fileId }] });
    const path = `/v1/datasets/${id}`;
    await expectProblem(await removeAt(path, { 'If-Match': '"7"' }), 412, 'etag-mismatch');
    expect((await removeAt(path, { 'If-Match': '"1"' })).status).toBe(204);
    expect(events).toEqual([expect.objectContaining({ datasetId: id })]);
    end();
    for (const hidden of [path, `/v1/datasets/${slug}`, `${path}/versions/1`, `${path}/refs`]) {
      await expectProblem(await app.fetch(hidden), 404, 'dataset-not-found');
    }
    await expectProblem(await removeAt(path), 404, 'dataset-not-found');
    const { items } = await app.json<{ items: { id: string }[] }>(200, '/v1/datasets');
    expect(items.map((item) => item.id)).not.toContain(id);
    const commit = await api.tryCommit(id, { changes: [put('b', fileId)] });
    await expectProblem(commit, 404, 'dataset-not-found');
    await app.app.get(Releaser).release();
    expect(await referencesOn(fileId)).toBe(2);

    const answer = await restore(id);
    expect(answer.status).toBe(200);
    expect(await answer.json()).toMatchObject({ id, slug, latestVersion: 1 });
    expect(await (await api.content(slug, 'latest', 'a')).text()).toBe('restored');
    const again = await restore(id);
    expect([again.status, again.headers.get('etag')]).toEqual([200, '"2"']);
    await expectProblem(await restore(id, { slug: 'another' }), 400, 'validation-failed');
  });

  it('leaves its slug to others, and takes another one back', async () => {
    const { id } = await api.create({ name: 'Slug', slug: 'wanted' });
    await removeAt(`/v1/datasets/${id}`);
    await api.create({ name: 'Other', slug: 'wanted' });
    await expectProblem(await restore(id), 409, 'slug-taken');
    await expectProblem(await restore(id, { slug: 'No Slug' }), 400, 'validation-failed');
    expect(await (await restore(id, { slug: 'wanted-2' })).json()).toMatchObject({
      slug: 'wanted-2',
    });
    await removeAt(`/v1/datasets/wanted-2`);
    expect(await (await restore('wanted-2')).json()).toMatchObject({ id, slug: 'wanted-2' });
    await expectProblem(await restore('never-was'), 404, 'dataset-not-found');
  });

  it('gives everything up after seven days, each reference once', async () => {
    const fileId = await api.upload('over');
    const { id } = await api.create({ name: 'Over', files: [{ path: 'a', fileId }] });
    for (let n = 0; n < 3; n += 1) await api.commit(id, [put(`n${n}`, fileId)]);
    await removeAt(`/v1/datasets/${id}/versions/2`);
    await removeAt(`/v1/datasets/${id}`);
    const releaser = app.app.get(Releaser);
    await age(id, 6);
    await releaser.release();
    expect(await referencesOn(fileId)).toBe(5);
    await age(id, 8);
    await expectProblem(await restore(id), 404, 'dataset-not-found');
    await Promise.all([releaser.release(), releaser.release()]);
    expect(await referencesOn(fileId)).toBe(1);
    const [left] = await app.database.query(
      `SELECT (SELECT count(*) FROM datasets WHERE id = $1)
            + (SELECT count(*) FROM components WHERE dataset_id = $1)
            + (SELECT count(*) FROM layers WHERE dataset_id = $1)
            + (SELECT count(*) FROM file_references WHERE owner_id = $1::text) AS n`,
      [id],
    );
    expect(left).toEqual({ n: '0' });
  });
});
