import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startTestApp, type TestApp } from '../support/app.js';
import { datasetsApi, move, put, remove } from '../support/datasets.js';
import { faultSeed, seededRandom } from '../support/history.js';
import { expectProblem } from '../support/problems.js';

let app: TestApp;
let api: ReturnType<typeof datasetsApi>;
beforeAll(async () => {
  app = await startTestApp();
  api = datasetsApi(app);
});
afterAll(() => app.stop());

interface Stored {
  fileId: number;
  content: string;
  type: string;
}

/** A dataset as a plain map of its head and a list of everything that was ever put. */
class Model {
  versions = 0;
  readonly head = new Map<string, Stored>();
  private readonly puts: Stored[] = [];

  put(path: string, file: Stored): void {
    this.head.set(path, file);
    this.puts.push(file);
  }

  statistics(datasetId: string): object {
    const files = [...this.head.values()];
    const names = [...new Set(files.map(({ type }) => type))].sort();
    const logicalBytes = bytesOf(this.puts.map(({ content }) => content));
    const storedBytes = bytesOf([...new Set(this.puts.map(({ content }) => content))]);
    return {
      datasetId,
      versions: this.versions,
      files: files.length,
      bytes: bytesOf(files.map(({ content }) => content)),
      types: names.map((fileType) => {
        const contents = files.filter(({ type }) => type === fileType).map((f) => f.content);
        return { fileType, files: contents.length, bytes: bytesOf(contents) };
      }),
      logicalBytes,
      storedBytes,
      savedBytes: logicalBytes - storedBytes,
    };
  }
}

const bytesOf = (contents: readonly string[]): number =>
  contents.reduce((sum, content) => sum + Buffer.byteLength(content), 0);

const statisticsOf = (id: string) => app.json(200, `/v1/datasets/${id}/statistics`);

describe('GET /v1/datasets/{id}/statistics', () => {
  it('is all zeros before the first commit, and is revalidated', async () => {
    const { id, slug } = await api.create({ name: 'Empty' });
    expect(await statisticsOf(slug)).toEqual(new Model().statistics(id));
    const path = `/v1/datasets/${id}/statistics`;
    const response = await app.fetch(path);
    expect(response.headers.get('cache-control')).toBe('no-cache');
    // Beside a condition `fetch` would send `no-cache`, which asks for the whole answer.
    const condition = {
      'If-None-Match': response.headers.get('etag') as string,
      'Cache-Control': 'max-age=0',
    };
    expect((await app.fetch(path, { headers: condition })).status).toBe(304);
    await api.commit(id, [put('a', await api.upload('a'))]);
    expect((await app.fetch(path, { headers: condition })).status).toBe(200);
  });

  it('knows no unknown dataset', async () => {
    for (const key of ['nowhere', randomUUID()]) {
      const response = await app.fetch(`/v1/datasets/${key}/statistics`);
      await expectProblem(response, 404, 'dataset-not-found');
    }
  });

  it('agrees after each commit with a model that counts everything anew', async () => {
    const random = seededRandom(faultSeed('statistics'));
    const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)] as T;
    const contents = ['', 'a', 'ü', 'bb', 'x'.repeat(1000), 'x'.repeat(100_000)];
    const ids = await Promise.all(contents.map((content) => api.upload(content)));
    const types = ['csv', 'text', 'constructor'];
    const models = new Map<string, Model>();
    for (let n = 0; n < 3; n += 1) {
      models.set((await api.create({ name: `Model ${n}` })).id, new Model());
    }
    for (let round = 0; round < 45; round += 1) {
      const [id, model] = pick([...models]);
      const changes: object[] = [];
      const touched = new Set<string>();
      for (let n = 0; n < 5; n += 1) {
        const path = `d${pick([0, 1, 2])}/f${pick([0, 1, 2, 3])}`;
        if (touched.has(path)) continue;
        touched.add(path);
        if (model.head.has(path) && random() < 0.3) {
          changes.push(remove(path));
          model.head.delete(path);
        } else {
          const at = Math.floor(random() * contents.length);
          const file = {
            fileId: ids[at] as number,
            content: contents[at] as string,
            type: pick(types),
          };
          changes.push(put(path, file.fileId, { fileType: file.type }));
          model.put(path, file);
        }
      }
      await api.commit(id, changes);
      model.versions += 1;
      expect(await statisticsOf(id)).toEqual(model.statistics(id));
    }
    for (const [id, model] of models) {
      expect(await statisticsOf(id)).toEqual(model.statistics(id));
    }
  });

  it('counts a moved file where it is, and not what a refused commit would have put', async () => {
    const fileId = await api.upload('moved about', 'm.csv');
    const { id } = await api.create({ name: 'Moved', files: [{ path: 'a', fileId }] });
    await api.commit(id, [move('a', 'b/c')]);
    const moved = await statisticsOf(id);
    expect(moved).toMatchObject({
      versions: 2,
      files: 1,
      bytes: 11,
      storedBytes: 11,
      types: [{ fileType: 'csv', files: 1, bytes: 11 }],
    });
    const refused = await api.tryCommit(id, { changes: [put('d', fileId), remove('absent')] });
    await expectProblem(refused, 409, 'path-absent');
    expect(await statisticsOf(id)).toEqual(moved);
  });
});
