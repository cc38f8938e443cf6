import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ForbiddenError } from '../../src/core/errors/index.js';
import { DatasetNotFoundError, TagNotFoundError } from '../../src/datasets/datasets.errors.js';
import { DatasetsService } from '../../src/datasets/datasets.service.js';
import { TagsService } from '../../src/datasets/tags/tags.service.js';
import { startTestApp, type TestApp } from '../support/app.js';
import { datasetsApi, type Dataset } from '../support/datasets.js';
import { principal } from '../support/principals.js';
import { addUser } from '../support/users.js';

let app: TestApp;
let api: ReturnType<typeof datasetsApi>;
beforeAll(async () => {
  app = await startTestApp();
  api = datasetsApi(app);
});
afterAll(() => app.stop());

const read = async (id: string): Promise<{ dataset: Dataset }> => ({
  dataset: await app.json<Dataset>(200, `/v1/datasets/${id}`),
});

describe('Tags of somebody else', () => {
  it('are not changed, though they may be seen', async () => {
    const tags = app.app.get(TagsService, { strict: false });
    const datasets = app.app.get(DatasetsService, { strict: false });
    const somebody = await addUser(app, 'somebody');
    const stranger = principal({ id: somebody.id });
    const none = async () => undefined;
    const body = { name: 'Owned', tags: ['owned'], visibility: 'public' };
    const { id } = await api.create(body);
    const hidden = await api.create({ name: 'Hidden', tags: ['owned'] });
    const own = await datasets.create(stranger, { name: 'Mine', tags: ['owned'], files: [] }, none);
    await expect(tags.add(stranger, id, 'x', () => true)).rejects.toThrow(ForbiddenError);
    await expect(tags.remove(stranger, id, 'owned', () => true)).rejects.toThrow(ForbiddenError);
    await expect(tags.add(stranger, hidden.id, 'x', () => true)).rejects.toThrow(
      DatasetNotFoundError,
    );
    const change = { add: ['x'], remove: [] };
    await expect(tags.changeAll(stranger, [own.id, id], change, none)).rejects.toThrow(
      ForbiddenError,
    );
    await expect(tags.changeAll(stranger, [own.id, hidden.id], change, none)).rejects.toThrow(
      hidden.id,
    );
    expect(await tags.rename(stranger, 'owned', 'owned by me')).toEqual({
      tag: 'owned by me',
      datasets: 1,
      merged: 0,
    });
    await expect(tags.rename(stranger, 'owned', 'again')).rejects.toThrow(TagNotFoundError);
    const after = await Promise.all([id, hidden.id, own.id].map(read));
    expect(after.map(({ dataset }) => dataset['tags'])).toEqual([
      ['owned'],
      ['owned'],
      ['owned by me'],
    ]);
  });
});
