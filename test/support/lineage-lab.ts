import { expect } from '@jest/globals';
import { startTestApp, type TestApp } from './app.js';
import { addCaller, type TestCaller } from './callers.js';
import { datasetsApi, type Dataset } from './datasets.js';
import { sha256 } from './digests.js';
import { jobsApi, TestKindsModule, type Job } from './jobs.js';
import type { Lineage, LineageNode } from './lineage.js';

export interface Published {
  datasetId: string;
  versionId: string;
  versionNumber: number;
}

/** What `data/a.csv` of the source is. */
export const SOURCE = 'a\n1\n';

export const digest = (text: string): string => `sha256:${sha256(text)}`;
export const fileOf = (job: Job): string => `files/${job.outputs[0]?.fileId}`;
export const versionPath = (id: string, ref: string | number): string =>
  `datasets/${id}/versions/${ref}`;

/** Names that can be compared: of jobs their ids, of versions dataset and number. */
const nameOf = (node: LineageNode): string =>
  node.artifact?.contentHash ??
  (node.version
    ? `${node.version.slug} ${node.version.versionNumber}`
    : (node.job?.id ?? 'hidden'));

export const namesOf = ({ nodes }: Lineage): string[] => nodes.map(nameOf).sort();

export function edgesOf({ nodes, edges }: Lineage): string[] {
  const names = new Map(nodes.map((node) => [node.id, nameOf(node)]));
  return edges.map(({ type, from, to }) => `${names.get(from)} ${type} ${names.get(to)}`).sort();
}

export async function done(caller: TestCaller, parameters: object, of?: object): Promise<Job> {
  const { write, ended } = jobsApi(caller);
  return await ended((await write(parameters, of ? { source: of } : {})).id);
}

export async function publish(caller: TestCaller, job: Job, body: object): Promise<Published> {
  const answer = await datasetsApi(caller).json('POST', `/v1/jobs/${job.id}/publish`, body);
  expect(answer.status).toBe(201);
  return (await answer.json()) as Published;
}

export interface LineageLab {
  app: TestApp;
  ada: TestCaller;
  bob: TestCaller;
  /** Ada's, private, with `data/a.csv`. */
  source: Dataset;
  /** On that file. */
  first: Job;
  /** Public: what the first has made. */
  published: Published;
  /** On what was published. */
  second: Job;
}

/** A file, a job on it, what that has made as a public dataset, and a job on that. */
export async function createLineageLab(): Promise<LineageLab> {
  const settings = { WORKERS: '2', JOB_RETENTION_DAYS: '30' };
  const app = await startTestApp(settings, undefined, [TestKindsModule]);
  const ada = await addCaller(app, 'ada');
  const bob = await addCaller(app, 'bob');
  const files = [{ path: 'data/a.csv', fileId: await datasetsApi(ada).upload(SOURCE) }];
  const source = await datasetsApi(ada).create({ name: 'Source', files });
  const of = { datasetId: source.id, path: 'data/a.csv' };
  const first = await done(ada, { text: 'one', seed: 7 }, of);
  const dataset = { name: 'Published', visibility: 'public' };
  const published = await publish(ada, first, { dataset });
  const ofPublished = { datasetId: published.datasetId, path: 'text.txt' };
  const second = await done(ada, { text: 'two' }, ofPublished);
  return { app, ada, bob, source, first, published, second };
}
