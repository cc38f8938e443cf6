import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { sha256 } from '../support/digests.js';
import {
  createLineageLab,
  digest,
  fileOf,
  SOURCE,
  versionPath,
  type LineageLab,
} from '../support/lineage-lab.js';

let lab: LineageLab;
let ada: LineageLab['ada'];
let first: LineageLab['first'];
let published: LineageLab['published'];
let second: LineageLab['second'];
beforeAll(async () => {
  lab = await createLineageLab();
  ({ ada, first, published, second } = lab);
});
afterAll(() => lab.app.stop());

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
    const path = `/v1/${versionPath(published.datasetId, 1)}/lineage?format=prov`;
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
    const made = `stratum:artifact-${sha256('one 1')}`;
    const derived = Object.values(document['wasDerivedFrom'] ?? {});
    expect(derived).toContainEqual({
      'prov:generatedEntity': made,
      'prov:usedEntity': `stratum:artifact-${sha256(SOURCE)}`,
      'prov:activity': `stratum:job-${first.id}`,
    });
    expect(activity?.[`stratum:job-${first.id}`]).toMatchObject({
      'prov:type': 'write',
      'stratum:seed': 7,
    });
  });
});
