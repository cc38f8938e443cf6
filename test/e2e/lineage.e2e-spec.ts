import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { JobsKeeper } from '../../src/analysis/jobs/jobs-keeper.service.js';
import { LineageKeeper } from '../../src/analysis/lineage/lineage-keeper.service.js';
import { startTestApp, type TestApp } from '../support/app.js';
import { addCaller, type TestCaller } from '../support/callers.js';
import { datasetsApi, put, type Dataset } from '../support/datasets.js';
import { sha256Of } from '../support/history.js';
import { jobsApi, TestKindsModule, type Job } from '../support/jobs.js';
import { deadEnds, lineageOf, type Lineage, type LineageNode } from '../support/lineage.js';
import { expectProblem } from '../support/problems.js';

let app: TestApp;
let ada: TestCaller;
let bob: TestCaller;
/** Private, with `a.csv`. */
let source: Dataset;
/** On that file. */
let first: Job;
/** Public: what the first has made. */
let published: { datasetId: string; versionId: string; versionNumber: number };
/** On what was published. */
let second: Job;

const SOURCE = 'a\n1\n';
const digest = (text: string): string => `sha256:${sha256Of(Buffer.from(text))}`;

beforeAll(async () => {
  app = await startTestApp({ WORKERS: '2', JOB_RETENTION_DAYS: '30' }, undefined, [
    TestKindsModule,
  ]);
  ada = await addCaller(app, 'ada');
  bob = await addCaller(app, 'bob');
  const files = [{ path: 'data/a.csv', fileId: await datasetsApi(ada).upload(SOURCE) }];
  source = await datasetsApi(ada).create({ name: 'Source', files });
  first = await done(ada, { text: 'one', seed: 7 }, { datasetId: source.id, path: 'data/a.csv' });
  published = await publish(ada, first, {
    dataset: { name: 'Published', visibility: 'public' },
  });
  second = await done(ada, { text: 'two' }, { datasetId: published.datasetId, path: 'text.txt' });
});
afterAll(() => app.stop());

async function done(caller: TestCaller, parameters: object, of?: object): Promise<Job> {
  const { write, ended } = jobsApi(caller);
  return await ended((await write(parameters, of ? { source: of } : {})).id);
}

async function publish(caller: TestCaller, job: Job, body: object): Promise<typeof published> {
  const answer = await datasetsApi(caller).json('POST', `/v1/jobs/${job.id}/publish`, body);
  expect(answer.status).toBe(201);
  return (await answer.json()) as typeof published;
}

const fileOf = (job: Job): string => `files/${job.outputs[0]?.fileId}`;
const version = (id: string, ref: string | number): string => `datasets/${id}/versions/${ref}`;
/** Names that can be compared: of jobs their ids, of versions dataset and number. */
const nameOf = (node: LineageNode): string =>
  node.artifact?.contentHash ??
  (node.version
    ? `${node.version.slug} ${node.version.versionNumber}`
    : (node.job?.id ?? 'hidden'));
const namesOf = ({ nodes }: Lineage): string[] => nodes.map(nameOf).sort();
const edgesOf = ({ nodes, edges }: Lineage): string[] => {
  const names = new Map(nodes.map((node) => [node.id, nameOf(node)]));
  return edges.map(({ type, from, to }) => `${names.get(from)} ${type} ${names.get(to)}`).sort();
};

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
    const ofVersion = await lineageOf(ada, version(published.datasetId, 'latest'));
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
    const { id: versionId } = await ada.json<{ id: string }>(200, `/v1/${version(id, 1)}`);
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
      edgesOf(await lineageOf(ada, version(id, ref), `direction=${direction}`)).filter((edge) =>
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

describe('Who may not read something', () => {
  it('sees that a job has made it, and nothing of what that has read', async () => {
    const lineage = await lineageOf(bob, version(published.datasetId, 1));
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
      const path = `/v1/${version(published.datasetId, 1)}/lineage?format=${format}`;
      const text = JSON.stringify(await bob.json(200, path));
      for (const secret of [first.id, source.id, sha256Of(Buffer.from(SOURCE))]) {
        expect([secret, text.includes(secret)]).toEqual([secret, false]);
      }
    }
    expect(await deadEnds(bob, lineage)).toEqual([]);
  });

  it('is told of none that has used what they share', async () => {
    // Of what is public: the file that was published, which the second job of ada's has read.
    const lineage = await lineageOf(bob, version(published.datasetId, 1), 'direction=downstream');
    expect(namesOf(lineage)).toEqual(['published 1']);
    await expectProblem(await bob.fetch(`/v1/${fileOf(second)}/lineage`), 404, 'file-not-found');
    await expectProblem(await bob.fetch(`/v1/jobs/${first.id}/lineage`), 404, 'job-not-found');
    await expectProblem(
      await bob.fetch(`/v1/${version(source.id, 1)}/lineage`),
      404,
      'dataset-not-found',
    );
  });

  it('sees it in full, when all that it was made of may be read', async () => {
    const files = [{ path: 'open.csv', fileId: await datasetsApi(ada).upload('open\n') }];
    const open = await datasetsApi(ada).create({ name: 'Open', visibility: 'public', files });
    const job = await done(ada, { text: 'opened' }, { datasetId: open.id, path: 'open.csv' });
    const result = await publish(ada, job, { dataset: { name: 'Opened', visibility: 'public' } });
    const lineage = await lineageOf(bob, version(result.datasetId, 1));
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
    const lineage = await lineageOf(ada, version(left.datasetId, 1), 'direction=upstream');
    expect(namesOf(lineage)).toEqual([digest('gone\n'), digest('left 1'), job.id, 'left 1'].sort());
    const gone = lineage.nodes.find((node) => node.id === digest('gone\n'));
    expect(gone?.artifact).toEqual({ contentHash: digest('gone\n'), fileId: null, size: null });
    expect(lineage.nodes.find(({ job: made }) => made)?.job).toMatchObject({ isPartial: true });
    const others = await lineageOf(bob, version(left.datasetId, 1), 'direction=upstream');
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
    const lineage = await lineageOf(ada, version(made.datasetId, 1), 'direction=upstream');
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

describe('As OpenLineage', () => {
  it('each run is told by two events that the specification takes', async () => {
    const schema = await readFile(
      join(import.meta.dirname, '..', 'support', 'open-lineage.schema.json'),
      'utf8',
    );
    const formats = { 'date-time': true, uri: /^[a-z]+:/, uuid: /^[0-9a-f-]{36}$/ } as const;
    const ajv = new Ajv2020({ strict: false, allErrors: true, formats });
    const isEvent = ajv.compile(JSON.parse(schema));
    const path = `/v1/${fileOf(second)}/lineage?format=openlineage&direction=upstream`;
    const events = await ada.json<
      {
        eventType: string;
        run: { runId: string };
        job: { name: string };
        inputs: { name: string; facets: object }[];
        outputs: { name: string }[];
      }[]
    >(200, path);
    for (const event of events) expect([isEvent(event), isEvent.errors]).toEqual([true, null]);
    const of = (runId: string) => events.filter(({ run }) => run.runId === runId);
    expect(of(second.id).map(({ eventType }) => eventType)).toEqual(['START', 'COMPLETE']);
    expect(of(second.id)[1]).toMatchObject({
      job: { name: 'write' },
      inputs: expect.arrayContaining([
        expect.objectContaining({ name: digest('one 1') }),
        expect.objectContaining({
          name: `dataset:${published.datasetId}`,
          facets: { version: expect.objectContaining({ datasetVersion: '1' }) },
        }),
      ]),
      outputs: [{ name: digest('two 1') }],
    });
    expect(of(published.versionId).map(({ job }) => job.name)).toEqual(['commit', 'commit']);
  });
});

describe('As PROV', () => {
  it('every relation is between things that are there, and of the kinds that it takes', async () => {
    type Statements = Record<string, Record<string, unknown>>;
    const path = `/v1/${version(published.datasetId, 1)}/lineage?format=prov`;
    const document = await ada.json<Record<string, Statements>>(200, path);
    const { prefix, entity, activity, agent, ...relations } = document;
    expect(prefix).toEqual({ stratum: 'urn:stratum:' });
    const names: Record<string, Statements | undefined> = { entity, activity, agent };
    const ROLES: Record<string, string> = {
      'prov:entity': 'entity',
      'prov:generatedEntity': 'entity',
      'prov:usedEntity': 'entity',
      'prov:collection': 'entity',
      'prov:activity': 'activity',
      'prov:agent': 'agent',
    };
    for (const [relation, statements] of Object.entries(relations)) {
      expect([relation, Object.keys(statements).length > 0]).toEqual([relation, true]);
      for (const statement of Object.values(statements)) {
        const ends = Object.entries(statement).filter(([role]) => role in ROLES);
        expect(ends.length).toBeGreaterThanOrEqual(2);
        for (const [role, name] of ends) {
          expect(Object.keys(names[ROLES[role] as string] ?? {})).toContain(name);
        }
      }
    }
    const made = `stratum:artifact-${sha256Of(Buffer.from('one 1'))}`;
    const derived = Object.values(document['wasDerivedFrom'] ?? {});
    expect(derived).toContainEqual({
      'prov:generatedEntity': made,
      'prov:usedEntity': `stratum:artifact-${sha256Of(Buffer.from(SOURCE))}`,
      'prov:activity': `stratum:job-${first.id}`,
    });
    expect(activity?.[`stratum:job-${first.id}`]).toMatchObject({
      'prov:type': 'write',
      'stratum:seed': 7,
    });
  });
});
