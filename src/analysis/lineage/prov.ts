import type { JobNode, LineageGraph, LineageNode, VersionNode } from './lineage-graph.js';
import { NAMESPACE } from './open-lineage.js';

type Statements = Record<string, Record<string, unknown>>;

/** The parts of a PROV-JSON document that we have something for. */
interface ProvDocument {
  prefix: Record<string, string>;
  entity: Statements;
  activity: Statements;
  agent: Statements;
  used: Statements;
  wasGeneratedBy: Statements;
  wasDerivedFrom: Statements;
  wasAttributedTo: Statements;
  wasAssociatedWith: Statements;
  hadMember: Statements;
}

/**
 * The same as PROV-JSON (https://www.w3.org/submissions/prov-json/): artifacts and versions are entities, jobs
 * activities, users agents. A version is a collection of its artifacts.
 */
export function toProv(graph: LineageGraph): ProvDocument {
  const document: ProvDocument = {
    prefix: { stratum: `${NAMESPACE}:` },
    entity: {},
    activity: {},
    agent: {},
    used: {},
    wasGeneratedBy: {},
    wasDerivedFrom: {},
    wasAttributedTo: {},
    wasAssociatedWith: {},
    hadMember: {},
  };
  const relate = (relation: keyof ProvDocument, statement: Record<string, unknown>): void => {
    const statements = document[relation];
    statements[`_:${relation}${Object.keys(statements).length + 1}`] = statement;
  };
  for (const node of graph.nodes.values()) describe(document, node, relate);
  for (const { type, from, to, path, name } of graph.edges) {
    const [source, target] = [nameOf(graph, from), nameOf(graph, to)];
    const told = {
      ...(path !== undefined && { 'stratum:path': path }),
      ...(name !== undefined && { 'prov:role': name }),
    };
    if (type === 'used')
      relate('used', { 'prov:activity': target, 'prov:entity': source, ...told });
    if (type === 'contains')
      relate('hadMember', { 'prov:collection': target, 'prov:entity': source });
    if (type === 'made' || type === 'published') {
      relate('wasGeneratedBy', { 'prov:entity': target, 'prov:activity': source, ...told });
    }
    if (type === 'revised') relate('wasDerivedFrom', { ...derived(target, source), ...REVISION });
  }
  for (const [target, source, activity] of derivations(graph)) {
    const names = derived(nameOf(graph, target), nameOf(graph, source));
    relate('wasDerivedFrom', { ...names, 'prov:activity': nameOf(graph, activity) });
  }
  return document;
}

const REVISION = { 'prov:type': { $: 'prov:Revision', type: 'xsd:QName' } };
const COLLECTION = { $: 'prov:Collection', type: 'xsd:QName' };

const derived = (generated: string, used: string) => ({
  'prov:generatedEntity': generated,
  'prov:usedEntity': used,
});

type Relate = (relation: keyof ProvDocument, statement: Record<string, unknown>) => void;

function describe(document: ProvDocument, node: LineageNode, relate: Relate): void {
  const name = localName(node);
  if (node.type === 'artifact') {
    document.entity[name] = {
      'prov:type': 'artifact',
      'stratum:contentHash': node.id,
      ...(node.file && { 'stratum:fileId': node.file.id, 'stratum:size': node.file.size }),
    };
    return;
  }
  const user = node.type === 'version' ? node.version.createdBy : node.run.createdBy;
  const agent = `stratum:user-${user}`;
  if (node.type === 'version') {
    document.entity[name] = versionTold(node);
    relate('wasAttributedTo', { 'prov:entity': name, 'prov:agent': agent });
  } else {
    document.activity[name] = jobTold(node);
    if (node.seen === 'hidden') return;
    relate('wasAssociatedWith', { 'prov:activity': name, 'prov:agent': agent });
  }
  document.agent[agent] = { 'prov:type': { $: 'prov:Person', type: 'xsd:QName' } };
}

const versionTold = ({ version }: VersionNode): Record<string, unknown> => ({
  'prov:type': COLLECTION,
  'stratum:datasetId': version.datasetId,
  'stratum:versionNumber': version.versionNumber,
  'stratum:createdAt': { $: version.createdAt.toISOString(), type: 'xsd:dateTime' },
});

function jobTold({ run, seen, isPartial }: JobNode): Record<string, unknown> {
  const told = { 'prov:type': run.kind, 'stratum:isPartial': isPartial };
  if (seen === 'hidden') return told;
  return {
    ...told,
    ...(run.startedAt && { 'prov:startTime': run.startedAt.toISOString() }),
    ...(run.finishedAt && { 'prov:endTime': run.finishedAt.toISOString() }),
    'stratum:seed': run.seed,
    'stratum:parameters': JSON.stringify(run.parameters),
    ...(run.engineVersion && { 'stratum:engineVersion': run.engineVersion }),
  };
}

/** Each output of a job from each content that it read; from a version where it read one as a whole. */
function derivations(graph: LineageGraph): [target: string, source: string, job: string][] {
  const [sources, targets] = [new Map<string, Set<string>>(), new Map<string, Set<string>>()];
  for (const { type, from, to } of graph.edges) {
    if (type === 'used') (sources.get(to) ?? added(sources, to)).add(from);
    if (type === 'made') (targets.get(from) ?? added(targets, from)).add(to);
  }
  return [...targets].flatMap(([job, made]) =>
    [...made].flatMap((target) =>
      [...(sources.get(job) ?? [])].map((source): [string, string, string] => [
        target,
        source,
        job,
      ]),
    ),
  );
}

function added(sets: Map<string, Set<string>>, key: string): Set<string> {
  const set = new Set<string>();
  sets.set(key, set);
  return set;
}

const nameOf = (graph: LineageGraph, id: string): string =>
  localName(graph.nodes.get(id) as LineageNode);

/** `stratum:artifact-<digest>`: a second colon would have to be escaped. */
const localName = ({ id, type }: LineageNode): string =>
  `stratum:${type}-${id.slice(id.indexOf(':') + 1)}`;
