import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Type } from '@nestjs/common';
import { JobsKeeper } from '../../src/analysis/jobs/jobs-keeper.service.js';
import { LineageKeeper } from '../../src/analysis/lineage/lineage-keeper.service.js';
import { Releaser } from '../../src/datasets/deletion/releaser.service.js';
import { GarbageCollector } from '../../src/storage/gc/garbage-collector.service.js';
import { startTestApp, type TestApp } from '../support/app.js';
import { addCaller, type TestCaller } from '../support/callers.js';
import { NO_GRACE } from '../support/cluster.js';
import { datasetsApi } from '../support/datasets.js';
import { IS_FULL } from '../support/hardening/tables.js';
import { faultSeed, seededRandom, sha256Of } from '../support/history.js';
import { jobsApi, TestKindsModule } from '../support/jobs.js';
import { deadEnds, lineageOf } from '../support/lineage.js';

const STEPS = Number(process.env['MODEL_STEPS'] ?? (IS_FULL ? 1000 : 80));
const CHECK_EVERY = 40;
/** Few, so that contents come again: jobs go round in circles, and what was lost comes back. */
const TEXTS = ['a', 'b', 'c', 'd', 'e', 'f'];

let app: TestApp;
let callers: TestCaller[];
beforeAll(async () => {
  const settings = { ...NO_GRACE, WORKERS: '2', JOB_RETENTION_DAYS: '30' };
  app = await startTestApp(settings, undefined, [TestKindsModule]);
  callers = [await addCaller(app, 'ada'), await addCaller(app, 'bob')];
});
afterAll(() => app.stop());

interface MadeVersion {
  datasetId: string;
  versionNumber: number;
  owner: TestCaller;
}

interface MadeJob {
  id: string;
  owner: TestCaller;
  /** Digests, as lineage tells them. */
  input: string;
  output: string;
}

const digestOf = (text: string): string => `sha256:${sha256Of(Buffer.from(text))}`;

/** Does whatever comes to its mind, and remembers what jobs have made of what. */
class Run {
  private versions: MadeVersion[] = [];
  private jobs: MadeJob[] = [];
  private readonly forgotten = new Set<string>();

  constructor(private readonly random: () => number) {}

  async step(): Promise<void> {
    const dice = this.random();
    if (this.versions.length === 0 || dice < 0.2) await this.create();
    else if (dice < 0.55) await this.derive();
    else if (dice < 0.75) await this.publish();
    else if (dice < 0.83) await this.removeVersion();
    else if (dice < 0.9) await this.removeDataset();
    else await this.forget();
  }

  /** From everything that is there, as everybody who may see it. */
  async check(): Promise<number> {
    let artifacts = 0;
    for (const caller of [app, ...callers]) {
      const { items } = await caller.json<{ items: { id: number; contentHash: string }[] }>(
        200,
        '/v1/files?limit=1000',
      );
      const live = new Set(items.map(({ contentHash }) => contentHash));
      const found = new Map<string, boolean>();
      for (const { id, contentHash } of items) {
        const lineage = await lineageOf(caller, `files/${id}`, 'depth=100');
        expect(await deadEnds(caller, lineage, found)).toEqual([]);
        for (const { artifact } of lineage.nodes) {
          if (!artifact) continue;
          artifacts += 1;
          // Whether there is a file, and whether this caller reads it: never one for the other.
          expect([artifact, artifact.fileId !== null]).toEqual([
            artifact,
            live.has(artifact.contentHash),
          ]);
        }
        if (caller === app) this.expectMakers(contentHash, lineage.edges);
      }
    }
    return artifacts;
  }

  /** An admin is told every job that has made what is there, and of what. */
  private expectMakers(
    output: string,
    edges: readonly { type: string; from: string; to: string }[],
  ): void {
    for (const job of this.jobs.filter((made) => made.output === output)) {
      const name = `job:${job.id}`;
      expect(edges).toContainEqual({ type: 'made', from: name, to: output, name: 'text' });
      expect(edges).toContainEqual(
        expect.objectContaining({ type: 'used', from: job.input, to: name }),
      );
    }
  }

  private async create(): Promise<void> {
    const owner = this.pick(callers);
    const api = datasetsApi(owner);
    const fileId = await api.upload(`${this.pick(TEXTS)} 1`);
    const visibility = this.random() < 0.3 ? 'public' : 'private';
    const files = [{ path: 'text.txt', fileId }];
    const { id: datasetId } = await api.create({ name: 'Made', visibility, files });
    await owner.fetch(`/v1/files/${fileId}`, { method: 'DELETE' });
    this.versions.push({ datasetId, versionNumber: 1, owner });
  }

  private async derive(): Promise<void> {
    const { datasetId, versionNumber, owner } = this.pick(this.versions);
    const { write, ended } = jobsApi(owner);
    const text = this.pick(TEXTS);
    const source = { datasetId, ref: String(versionNumber), path: 'text.txt' };
    const job = await ended((await write({ text }, { source })).id);
    expect(job.status).toBe('succeeded');
    const [input] = job['inputDigests'] as [string];
    this.jobs.push({ id: job.id, owner, input, output: digestOf(`${text} 1`) });
  }

  private async publish(): Promise<void> {
    const job = this.pick(this.jobs);
    if (!job) return;
    const mine = this.versions.filter(({ owner }) => owner === job.owner);
    const { datasetId } = this.pick(mine) ?? {};
    const visibility = this.random() < 0.5 ? 'public' : 'private';
    const isNew = datasetId === undefined || this.random() < 0.5;
    const answer = await datasetsApi(job.owner).json(
      'POST',
      `/v1/jobs/${job.id}/publish`,
      isNew ? { dataset: { name: 'Published', visibility } } : { datasetId },
    );
    // The job may be forgotten.
    expect([201, 404]).toContain(answer.status);
    if (answer.status === 404) return;
    this.versions.push({ ...((await answer.json()) as MadeVersion), owner: job.owner });
  }

  private async removeVersion(): Promise<void> {
    const gone = this.pick(this.versions);
    const path = `/v1/datasets/${gone.datasetId}/versions/${gone.versionNumber}`;
    expect((await gone.owner.fetch(path, { method: 'DELETE' })).status).toBe(204);
    this.versions = this.versions.filter((version) => version !== gone);
    await service(Releaser).release();
  }

  private async removeDataset(): Promise<void> {
    const { datasetId, owner } = this.pick(this.versions);
    const path = `/v1/datasets/${datasetId}`;
    expect((await owner.fetch(path, { method: 'DELETE' })).status).toBe(204);
    this.versions = this.versions.filter((version) => version.datasetId !== datasetId);
    await app.database.query(
      `UPDATE datasets SET deleted_at = deleted_at - interval '8 days' WHERE id = $1`,
      [datasetId],
    );
    await service(Releaser).release();
  }

  /** Jobs, what only they kept, its bytes, and lineage of which nothing is left. */
  private async forget(): Promise<void> {
    for (const { id } of this.jobs) if (this.random() < 0.7) this.forgotten.add(id);
    await app.database.query(
      `UPDATE jobs SET finished_at = finished_at - interval '31 days' WHERE id = ANY($1)`,
      [[...this.forgotten]],
    );
    await (service(JobsKeeper) as unknown as { turn(): Promise<void> }).turn();
    await service(GarbageCollector).collect();
    await service(LineageKeeper).turn();
    const { items } = await app.json<{ items: { contentHash: string }[] }>(
      200,
      '/v1/files?limit=1000',
    );
    const live = new Set(items.map(({ contentHash }) => contentHash));
    // When the same content comes again, it need not be known any more who had made it.
    this.jobs = this.jobs.filter(({ id, output }) => live.has(output) || !this.forgotten.has(id));
  }

  private pick<T>(items: readonly T[]): T {
    return items[Math.floor(this.random() * items.length)] as T;
  }
}

const service = <T>(token: Type<T>): T => app.app.get(token, { strict: false });

describe('Lineage', () => {
  it(`is closed after ${STEPS} random steps: a walk reaches only what is there, and all of it`, async () => {
    const run = new Run(seededRandom(faultSeed('lineage')));
    let artifacts = 0;
    for (let step = 1; step <= STEPS; step += 1) {
      await run.step();
      if (step % CHECK_EVERY === 0) artifacts += await run.check();
    }
    expect(artifacts).toBeGreaterThan(STEPS);
  }, 300_000);
});
