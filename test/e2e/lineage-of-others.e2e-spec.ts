import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { JobsKeeper } from '../../src/analysis/jobs/jobs-keeper.service.js';
import { LineageKeeper } from '../../src/analysis/lineage/lineage-keeper.service.js';
import { datasetsApi } from '../support/datasets.js';
import { sha256 } from '../support/digests.js';
import { deadEnds, lineageOf, type Lineage } from '../support/lineage.js';
import {
  createLineageLab,
  digest,
  done,
  edgesOf,
  fileOf,
  namesOf,
  publish,
  SOURCE,
  versionPath,
  type LineageLab,
} from '../support/lineage-lab.js';
import { expectProblem } from '../support/problems.js';

let lab: LineageLab;
let app: LineageLab['app'];
let ada: LineageLab['ada'];
let bob: LineageLab['bob'];
let source: LineageLab['source'];
let first: LineageLab['first'];
let published: LineageLab['published'];
let second: LineageLab['second'];
beforeAll(async () => {
  lab = await createLineageLab();
  ({ app, ada, bob, source, first, published, second } = lab);
});
afterAll(() => lab.app.stop());

describe('Who may not read something', () => {
  it('sees that a job has made it, and nothing of what that has read', async () => {
    const lineage = await lineageOf(bob, versionPath(published.datasetId, 1));
    expect(edgesOf(lineage)).toEqual(
      [
        `${digest('one 1')} contains published 1`,
        `hidden made ${digest('one 1')}`,
        'hidden published published 1',
      ].sort(),
    );
    const hidden = lineage.nodes.find(({ type }) => type === 'job')?.job;
    expect(hidden).toEqual({
      id: null,
      kind: 'write',
      parameters: null,
      seed: null,
      engineVersion: null,
      createdBy: null,
      startedAt: null,
      finishedAt: null,
      isRemoved: false,
      isPartial: true,
    });
    for (const format of ['stratum', 'openlineage', 'prov']) {
      const path = `/v1/${versionPath(published.datasetId, 1)}/lineage?format=${format}`;
      const text = JSON.stringify(await bob.json(200, path));
      for (const secret of [first.id, source.id, sha256(SOURCE)]) {
        expect([secret, text.includes(secret)]).toEqual([secret, false]);
      }
    }
    expect(await deadEnds(bob, lineage)).toEqual([]);
  });

  it('is told of none that has used what they share', async () => {
    // Of what is public: the file that was published, which the second job of ada's has read.
    const lineage = await lineageOf(
      bob,
      versionPath(published.datasetId, 1),
      'direction=downstream',
    );
    expect(namesOf(lineage)).toEqual(['published 1']);
    await expectProblem(await bob.fetch(`/v1/${fileOf(second)}/lineage`), 404, 'file-not-found');
    await expectProblem(await bob.fetch(`/v1/jobs/${first.id}/lineage`), 404, 'job-not-found');
    await expectProblem(
      await bob.fetch(`/v1/${versionPath(source.id, 1)}/lineage`),
      404,
      'dataset-not-found',
    );
  });

  it('sees it in full, when all that it was made of may be read', async () => {
    const files = [{ path: 'open.csv', fileId: await datasetsApi(ada).upload('open\n') }];
    const open = await datasetsApi(ada).create({ name: 'Open', visibility: 'public', files });
    const job = await done(ada, { text: 'opened' }, { datasetId: open.id, path: 'open.csv' });
    const result = await publish(ada, job, { dataset: { name: 'Opened', visibility: 'public' } });
    const lineage = await lineageOf(bob, versionPath(result.datasetId, 1));
    expect(namesOf(lineage)).toEqual(
      [digest('open\n'), digest('opened 1'), job.id, 'open 1', 'opened 1'].sort(),
    );
  });

  it('as a credential that reads no datasets sees none', async () => {
    const key = await ada.json<{ key: string }>(201, '/v1/api-keys', {
      method: 'POST',
      body: JSON.stringify({ name: 'files only', scopes: ['files:read'] }),
      headers: { 'Content-Type': 'application/json' },
    });
    const headers = { Authorization: `Bearer ${key.key}` };
    const answer = await ada.fetch(`/v1/${fileOf(first)}/lineage`, { headers });
    const lineage = (await answer.json()) as Lineage;
    expect(namesOf(lineage)).toEqual([digest('one 1'), 'hidden'].sort());
  });
});

describe('What was deleted', () => {
  it('is told by whoever made something of it as a digest without a file, to others not at all', async () => {
    const fileId = await datasetsApi(ada).upload('gone\n');
    const files = [{ path: 'gone.csv', fileId }];
    const { id } = await datasetsApi(ada).create({ name: 'Gone', visibility: 'public', files });
    const job = await done(ada, { text: 'left' }, { datasetId: id, path: 'gone.csv' });
    const left = await publish(ada, job, { dataset: { name: 'Left', visibility: 'public' } });
    expect((await ada.fetch(`/v1/datasets/${id}`, { method: 'DELETE' })).status).toBe(204);
    expect((await ada.fetch(`/v1/files/${fileId}`, { method: 'DELETE' })).status).toBe(204);
    const lineage = await lineageOf(ada, versionPath(left.datasetId, 1), 'direction=upstream');
    expect(namesOf(lineage)).toEqual([digest('gone\n'), digest('left 1'), job.id, 'left 1'].sort());
    const gone = lineage.nodes.find((node) => node.id === digest('gone\n'));
    expect(gone?.artifact).toEqual({ contentHash: digest('gone\n'), fileId: null, size: null });
    expect(lineage.nodes.find(({ job: made }) => made)?.job).toMatchObject({ isPartial: true });
    const others = await lineageOf(bob, versionPath(left.datasetId, 1), 'direction=upstream');
    expect(namesOf(others)).toEqual([digest('left 1'), 'hidden', 'left 1'].sort());
  });

  it('is not what jobs were that are forgotten: lineage stays as long as what they made', async () => {
    const kept = await done(ada, { text: 'kept' }, { datasetId: source.id, path: 'data/a.csv' });
    const lost = await done(ada, { text: 'lost' }, { datasetId: source.id, path: 'data/a.csv' });
    const made = await publish(ada, kept, { dataset: { name: 'Kept' } });
    await app.database.query(
      `UPDATE jobs SET finished_at = finished_at - interval '31 days' WHERE id = ANY($1)`,
      [[kept.id, lost.id]],
    );
    const keeper = app.app.get(JobsKeeper, { strict: false }) as unknown as {
      turn(): Promise<void>;
    };
    await keeper.turn();
    await expectProblem(await ada.fetch(`/v1/jobs/${kept.id}`), 404, 'job-not-found');
    await app.app.get(LineageKeeper, { strict: false }).turn();
    // The outputs were given up, and what was published has a reference of its own.
    await expectProblem(await ada.fetch(`/v1/${fileOf(lost)}`), 404, 'file-not-found');
    expect((await ada.fetch(`/v1/${fileOf(kept)}`)).status).toBe(200);
    const lineage = await lineageOf(ada, versionPath(made.datasetId, 1), 'direction=upstream');
    expect(namesOf(lineage)).toEqual(
      [digest(SOURCE), digest('kept 1'), kept.id, 'kept 1', 'source 1'].sort(),
    );
    expect(await deadEnds(ada, lineage)).toEqual([]);
    expect((await lineageOf(ada, `jobs/${kept.id}`)).root).toBe(`job:${kept.id}`);
    const runs = await app.database.query<{ id: string }>(
      'SELECT id FROM lineage_runs WHERE id = ANY($1)',
      [[kept.id, lost.id]],
    );
    expect(runs).toEqual([{ id: kept.id }]);
    await expectProblem(await ada.fetch(`/v1/jobs/${lost.id}/lineage`), 404, 'job-not-found');
  });
});
