import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { datasetsApi, put } from '../support/datasets.js';
import { jobsApi } from '../support/jobs.js';
import { deadEnds, lineageOf } from '../support/lineage.js';
import {
  createLineageLab,
  digest,
  done,
  edgesOf,
  fileOf,
  namesOf,
  SOURCE,
  versionPath,
  type LineageLab,
} from '../support/lineage-lab.js';
import { expectProblem } from '../support/problems.js';

let lab: LineageLab;
let ada: LineageLab['ada'];
let source: LineageLab['source'];
let first: LineageLab['first'];
let published: LineageLab['published'];
let second: LineageLab['second'];
beforeAll(async () => {
  lab = await createLineageLab();
  ({ ada, source, first, published, second } = lab);
});
afterAll(() => lab.app.stop());

describe('Lineage', () => {
  it('goes from a file back to all that it came of', async () => {
    const lineage = await lineageOf(ada, fileOf(second), 'direction=upstream');
    expect(lineage).toMatchObject({ root: digest('two 1'), isTruncated: false });
    expect(edgesOf(lineage)).toEqual(
      [
        `${second.id} made ${digest('two 1')}`,
        `${digest('one 1')} used ${second.id}`,
        `published 1 used ${second.id}`,
        `${first.id} made ${digest('one 1')}`,
        `${first.id} published published 1`,
        `${digest(SOURCE)} used ${first.id}`,
        `source 1 used ${first.id}`,
      ].sort(),
    );
    const job = lineage.nodes.find(({ id }) => id === `job:${first.id}`)?.job;
    expect(job).toMatchObject({
      kind: 'write',
      seed: 7,
      parameters: { text: 'one' },
      engineVersion: 'test-1',
      isPartial: false,
      isRemoved: false,
    });
    const used = lineage.edges.find(({ from }) => from === digest(SOURCE));
    expect(used).toMatchObject({ path: 'data/a.csv' });
    expect(await deadEnds(ada, lineage)).toEqual([]);
  });

  it('goes from a file on to all that was made of it', async () => {
    const [{ fileId } = { fileId: 0 }] = await datasetsApi(ada).files(source.id, 1);
    const lineage = await lineageOf(ada, `files/${fileId}`, 'direction=downstream');
    expect(edgesOf(lineage)).toEqual(
      [
        `${digest(SOURCE)} contains source 1`,
        `${digest(SOURCE)} used ${first.id}`,
        `source 1 used ${first.id}`,
        `${first.id} made ${digest('one 1')}`,
        `${first.id} published published 1`,
        `${digest('one 1')} contains published 1`,
        `${digest('one 1')} used ${second.id}`,
        `published 1 used ${second.id}`,
        `${second.id} made ${digest('two 1')}`,
      ].sort(),
    );
  });

  it('goes both ways from a job and from a version, which covers its files', async () => {
    const all = [
      digest(SOURCE),
      digest('one 1'),
      digest('two 1'),
      first.id,
      second.id,
      'source 1',
      'published 1',
    ].sort();
    expect(namesOf(await lineageOf(ada, `jobs/${first.id}`))).toEqual(all);
    const ofVersion = await lineageOf(ada, versionPath(published.datasetId, 'latest'));
    expect(namesOf(ofVersion)).toEqual(all);
    expect(ofVersion.edges).toContainEqual({
      type: 'contains',
      from: digest('one 1'),
      to: `version:${published.versionId}`,
      path: 'text.txt',
    });
  });

  it('takes as many steps as it may, and says when there are more', async () => {
    const upstream = (depth: number) =>
      lineageOf(ada, fileOf(second), `direction=upstream&depth=${depth}`);
    const one = await upstream(1);
    expect([namesOf(one), one.isTruncated]).toEqual([[digest('two 1'), second.id].sort(), true]);
    expect((await upstream(3)).isTruncated).toBe(true);
    expect((await upstream(4)).isTruncated).toBe(false);
    for (const query of ['depth=0', 'depth=101', 'direction=sideways', 'format=xml']) {
      const answer = await ada.fetch(`/v1/${fileOf(second)}/lineage?${query}`);
      await expectProblem(answer, 400, 'validation-failed');
    }
  });

  it('knows every source of a job that has several, whole versions and folders too', async () => {
    const { id, slug } = await datasetsApi(ada).create({
      name: 'Many',
      files: await Promise.all(
        ['in/b.csv', 'in/c.csv', 'out/d.csv'].map(async (path) => ({
          path,
          fileId: await datasetsApi(ada).upload(path),
        })),
      ),
    });
    const { id: versionId } = await ada.json<{ id: string }>(200, `/v1/${versionPath(id, 1)}`);
    const folder = { datasetId: id, versionId, path: 'in/', file: null };
    const of = { datasetId: source.id, path: 'data/a.csv' };
    const job = await done(ada, { text: 'joined', sources: [folder] }, of);
    const lineage = await lineageOf(ada, `jobs/${job.id}`, 'direction=upstream');
    expect(edgesOf(lineage)).toEqual(
      [
        `${digest(SOURCE)} used ${job.id}`,
        `source 1 used ${job.id}`,
        `${slug} 1 used ${job.id}`,
        `${digest('in/b.csv')} contains ${slug} 1`,
        `${digest('in/c.csv')} contains ${slug} 1`,
      ].sort(),
    );
  });

  it('follows versions to their parents and to what took them in', async () => {
    const api = datasetsApi(ada);
    const fileId = await api.upload('of a branch');
    const { id, slug } = await api.create({ name: 'Merged', files: [{ path: 'a', fileId }] });
    await api.json('PUT', `/v1/datasets/${id}/refs/side`, { version: 1 }, { 'If-None-Match': '*' });
    await api.commit(id, [put('b', fileId)], { branch: 'side' });
    await api.commit(id, [put('c', fileId)]);
    await api.json('POST', `/v1/datasets/${id}/merge`, { source: 'side' });
    const revisions = async (ref: number, direction: string): Promise<string[]> =>
      edgesOf(await lineageOf(ada, versionPath(id, ref), `direction=${direction}`)).filter((edge) =>
        edge.includes('revised'),
      );
    const all = [
      `${slug} 1 revised ${slug} 2`,
      `${slug} 1 revised ${slug} 3`,
      `${slug} 2 revised ${slug} 4`,
      `${slug} 3 revised ${slug} 4`,
    ];
    expect(await revisions(4, 'upstream')).toEqual(all);
    expect(await revisions(1, 'downstream')).toEqual(all);
  });

  it('ends where it goes round', async () => {
    const { id } = await datasetsApi(ada).create({
      name: 'Round',
      files: [{ path: 'same.txt', fileId: await datasetsApi(ada).upload('same 1') }],
    });
    const job = await done(ada, { text: 'same' }, { datasetId: id, path: 'same.txt' });
    const lineage = await lineageOf(ada, fileOf(job), 'depth=100');
    expect(edgesOf(lineage)).toEqual(
      [
        `${digest('same 1')} used ${job.id}`,
        `${job.id} made ${digest('same 1')}`,
        `${digest('same 1')} contains round 1`,
        `round 1 used ${job.id}`,
      ].sort(),
    );
  });
});

describe('A job that has made nothing', () => {
  it('has read what it was about', async () => {
    const { write, cancel } = jobsApi(ada);
    const about = { source: { datasetId: source.id, path: 'data/a.csv' } };
    const { id } = await write({ until: '/nowhere' }, about);
    const lineage = await lineageOf(ada, `jobs/${id}`);
    expect(namesOf(lineage)).toEqual([digest(SOURCE), id, 'source 1'].sort());
    expect(
      (await ada.json<object[]>(200, `/v1/jobs/${id}/lineage?format=openlineage`)).length,
    ).toBe(3);
    await cancel(id);
  });
});
