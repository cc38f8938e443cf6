import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Releaser } from '../../src/datasets/deletion/releaser.service.js';
import { startTestApp, type TestApp } from '../support/app.js';
import { DatasetModel, type Wanted } from '../support/dataset-model.js';
import { datasetsApi, move, put, remove } from '../support/datasets.js';
import { IS_FULL } from '../support/hardening/tables.js';
import { faultSeed, seededRandom } from '../support/history.js';

const STEPS = Number(process.env['MODEL_STEPS'] ?? (IS_FULL ? 2000 : 500));
const CHECK_COUNTS_EVERY = 50;
const CONTENTS = ['', 'a', 'bb', 'ccc', 'dddd', 'eeeee', 'ffffff'];
const BRANCHES = ['main', 'one', 'two', 'three'];
const PATHS = Array.from({ length: 24 }, (_, n) => `d${n % 4}/${n % 3 ? 'x' : 'ü'}${n}`);

let app: TestApp;
let api: ReturnType<typeof datasetsApi>;
beforeAll(async () => {
  app = await startTestApp();
  api = datasetsApi(app);
});
afterAll(() => app.stop());

/** Does the same to the service and to the model, and compares what both show. */
class Run {
  readonly model = new DatasetModel();
  fileIds: number[];
  dataset: string;

  constructor(private readonly random: () => number) {}

  async begin(): Promise<void> {
    this.fileIds = await Promise.all(CONTENTS.map((content, n) => api.upload(content, `${n}.bin`)));
    this.dataset = (await api.create({ name: 'random' })).id;
    await this.commit('main');
  }

  async step(): Promise<void> {
    const dice = this.random();
    if (dice < 0.6) await this.commit(this.pick([...this.model.branches.keys(), 'main']));
    else if (dice < 0.72) await this.branch();
    else if (dice < 0.82) await this.restore();
    else if (dice < 0.92) await this.merge();
    else await this.remove();
    await this.compareSome();
  }

  private async commit(branch: string): Promise<void> {
    const files = this.model.filesOf(this.model.branches.get(branch));
    const [changes, wanted]: [object[], Wanted] = [[], new Map()];
    for (let n = 0; n < 1 + Math.floor(this.random() * 5); n += 1) {
      const path = this.pick(PATHS);
      const target = this.pick(PATHS);
      if (wanted.has(path)) continue;
      const dice = this.random();
      const there = files.get(path);
      if (there && dice < 0.25) {
        changes.push(remove(path));
        wanted.set(path, null);
      } else if (
        there &&
        dice < 0.5 &&
        target !== path &&
        !files.has(target) &&
        !wanted.has(target)
      ) {
        changes.push(move(path, target));
        wanted.set(path, null).set(target, there.fileId);
      } else {
        const fileId = this.pick(this.fileIds);
        changes.push(put(path, fileId, SAME_DETAILS));
        wanted.set(path, fileId);
      }
    }
    const made = await api.commit(this.dataset, changes, { branch });
    expect(made.versionNumber).toBe(this.model.commit(branch, wanted));
  }

  /** Makes a branch, or moves one to any version. */
  private async branch(): Promise<void> {
    const name = this.pick(BRANCHES);
    const version = this.pick(this.model.live());
    if (version === undefined) return;
    const at = this.model.branches.get(name);
    const path = `/v1/datasets/${this.dataset}/refs/${name}`;
    const etag = at === undefined ? null : (await app.fetch(path)).headers.get('etag');
    const response = await api.json('PUT', path, { version }, etag ? { 'If-Match': etag } : {});
    expect(response.status).toBe(at === undefined ? 201 : 200);
    this.model.branches.set(name, version);
  }

  private async restore(): Promise<void> {
    const version = this.pick(this.model.live());
    const branch = this.pick([...this.model.branches.keys()]);
    if (version === undefined || branch === undefined) return;
    const head = this.model.filesOf(this.model.branches.get(branch));
    const wanted = this.model.changes(head, this.model.filesOf(version));
    const path = `/v1/datasets/${this.dataset}/versions/${version}/restore`;
    const response = await api.json('POST', path, { branch });
    expect(response.status).toBe(wanted.size === 0 ? 200 : 201);
    if (wanted.size > 0) this.model.commit(branch, wanted);
  }

  private async merge(): Promise<void> {
    const target = this.pick([...this.model.branches.keys()]);
    const theirs = this.pick(this.model.live());
    if (target === undefined || theirs === undefined) return;
    const strategy = this.pick(['fail', 'ours', 'theirs']);
    const ours = this.model.branches.get(target) as number;
    const base = this.model.mergeBase(ours, theirs);
    const response = await api.json('POST', `/v1/datasets/${this.dataset}/merge`, {
      source: theirs,
      target,
      strategy,
    });
    if (base === theirs) {
      expect(response.status).toBe(200);
      return;
    }
    const [files, oursNow] = [this.model.filesOf(base), this.model.filesOf(ours)];
    const theirChanges = this.model.changes(files, this.model.filesOf(theirs));
    const ourChanges = this.model.changes(files, oursNow);
    const conflicts = [...theirChanges].filter(
      ([path, fileId]) => ourChanges.has(path) && ourChanges.get(path) !== fileId,
    );
    if (strategy === 'fail' && conflicts.length > 0) {
      expect(response.status).toBe(409);
      const { conflicts: told } = (await response.json()) as { conflicts: { path: string }[] };
      expect(told.map(({ path }) => path).sort()).toEqual(conflicts.map(([path]) => path).sort());
      return;
    }
    const wanted = new Map(
      [...theirChanges].filter(([path, fileId]) =>
        ourChanges.has(path) ? strategy === 'theirs' && ourChanges.get(path) !== fileId : true,
      ),
    );
    expect(response.status).toBe(201);
    this.model.commit(target, wanted, theirs);
  }

  private async remove(): Promise<void> {
    const version = this.pick(this.model.live());
    if (version === undefined) return;
    const path = `/v1/datasets/${this.dataset}/versions/${version}`;
    expect((await app.fetch(path, { method: 'DELETE' })).status).toBe(204);
    this.model.remove(version);
    expect((await app.fetch(path)).status).toBe(410);
  }

  /** A branch, an old version, a difference and a file. */
  private async compareSome(): Promise<void> {
    const [branch, at] = this.pick([...this.model.branches]) ?? ['main', undefined];
    if (at === undefined) {
      expect((await app.fetch(`/v1/datasets/${this.dataset}/versions/main`)).status).toBe(404);
      return;
    }
    await this.compareFiles(branch, at, 1000);
    if (this.random() < 0.7) return;
    const some = this.pick(this.model.live());
    await this.compareFiles(some, some, 7);
    await this.compareDiff(some, at);
  }

  private async compareFiles(ref: string | number, number: number, limit: number): Promise<void> {
    const listed = await api.files(this.dataset, ref, `limit=${limit}`);
    const files = [...this.model.filesOf(number)].sort(([a], [b]) => (a < b ? -1 : 1));
    expect(listed.map(({ path, fileId }) => [path, fileId])).toEqual(
      files.map(([path, { fileId }]) => [path, fileId]),
    );
    const one = this.pick(files);
    if (!one || limit === 1000) return;
    const content = await (await api.content(this.dataset, ref, one[0])).text();
    expect(content).toBe(CONTENTS[this.fileIds.indexOf(one[1].fileId)]);
  }

  private async compareDiff(base: number, head: number): Promise<void> {
    const told: object[] = [];
    for (let cursor: string | null = ''; cursor !== null;) {
      const page: {
        items: { kind: string; path: string; from: string | null }[];
        nextCursor: string | null;
      } = await app.json(
        200,
        `/v1/datasets/${this.dataset}/diff?base=${base}&head=${head}&limit=7${cursor && `&cursor=${cursor}`}`,
      );
      told.push(...page.items.map(({ kind, path, from }) => ({ kind, path, from })));
      cursor = page.nextCursor;
    }
    expect(told).toEqual(this.model.diff(base, head));
  }

  /** After the releaser has come by, references and figures are exactly what is still shown. */
  async compareCounts(): Promise<void> {
    await app.app.get(Releaser).release();
    const uses = this.model.shownUses();
    const counts = await app.database.query<{ id: number; count: number }>(
      'SELECT id, reference_count::int AS count FROM files WHERE id = ANY($1::int[])',
      [this.fileIds],
    );
    expect(Object.fromEntries(counts.map(({ id, count }) => [id, count]))).toEqual(
      // One more each: the hold of whoever uploaded it.
      Object.fromEntries(this.fileIds.map((id) => [id, 1 + (uses.get(id) ?? 0)])),
    );
    const [figures] = await app.database.query(
      `SELECT version_count AS versions, logical_bytes::int AS logical, stored_bytes::int AS stored,
         (SELECT count(*)::int FROM file_references
          WHERE owner_type = 'dataset' AND owner_id = d.id::text) AS references,
         (SELECT max(n)::int FROM (SELECT count(*) AS n FROM version_layers GROUP BY version_id) l) AS layers
       FROM datasets d WHERE id = $1`,
      [this.dataset],
    );
    const sizeOf = (id: number) => (CONTENTS[this.fileIds.indexOf(id)] as string).length;
    const sum = (numbers: number[]) => numbers.reduce((total, n) => total + n, 0);
    const versions = this.model.live().length;
    expect(figures).toMatchObject({
      versions,
      logical: sum([...uses].map(([id, n]) => n * sizeOf(id))),
      stored: sum([...uses.keys()].map(sizeOf)),
      references: versions + sum([...uses.values()]),
    });
    expect((figures as { layers: number }).layers).toBeLessThanOrEqual(8);
  }

  private pick<T>(items: readonly T[]): T {
    return items[Math.floor(this.random() * items.length)] as T;
  }
}

/** So that a file is the same wherever it is put. */
const SAME_DETAILS = { fileType: 'bin', metadata: {} };

describe('A dataset', () => {
  it(`shows after ${STEPS} random steps what plain copies show, and keeps nothing else`, async () => {
    const run = new Run(seededRandom(faultSeed('dataset model')));
    await run.begin();
    for (let step = 1; step <= STEPS; step += 1) {
      await run.step();
      if (step % CHECK_COUNTS_EVERY === 0) await run.compareCounts();
    }
    await run.compareCounts();
  }, 600_000);
});
