import type { JobNode, LineageGraph, LineageNode, VersionNode } from './lineage-graph.js';

/**
 * Digests and UUIDs name the same thing in every installation, so all share one namespace. That of
 * OpenLineage and the prefix of PROV.
 */
export const NAMESPACE = 'urn:stratum';
const SCHEMA = 'https://openlineage.io/spec/2-0-2/OpenLineage.json';
const VERSION_FACET = 'https://openlineage.io/spec/facets/1-0-1/DatasetVersionDatasetFacet.json';

interface Dataset {
  namespace: string;
  name: string;
  facets: Record<string, object>;
}

interface RunEvent {
  eventType: 'START' | 'COMPLETE';
  eventTime: string;
  run: { runId: string; facets?: Record<string, object> };
  job: { namespace: string; name: string };
  inputs: Dataset[];
  outputs: Dataset[];
  producer: string;
  schemaURL: string;
}

interface RunTold {
  run: RunEvent['run'];
  name: string;
  startedAt: Date;
  finishedAt: Date;
}

/**
 * The same as run events of OpenLineage (spec 2-0-2), two for each run. A job is a run, and so is a commit: it
 * takes in the files and the versions that its version was made of. Artifacts are datasets named by their
 * digest; a version is a dataset named by the id of ours, with its number as its version. What has not
 * ended is told as started only.
 */
export function toOpenLineage(graph: LineageGraph): RunEvent[] {
  return [...graph.nodes.values()].flatMap((node) => {
    if (node.type === 'artifact') return [];
    const told = node.type === 'job' ? jobTold(node) : commitTold(node);
    return events(graph, node, told, node.type === 'version' || node.run.finishedAt !== null);
  });
}

function events(
  graph: LineageGraph,
  node: LineageNode,
  { run, name, startedAt, finishedAt }: RunTold,
  hasEnded: boolean,
): RunEvent[] {
  const at = (id: string): LineageNode => graph.nodes.get(id) as LineageNode;
  const inputs = graph.edges
    .filter(({ to }) => to === node.id)
    // A commit of what a job has made: the files say so, and the job is no dataset.
    .flatMap(({ from }) => datasetOf(at(from)) ?? []);
  const outputs =
    node.type === 'version'
      ? [datasetOf(node) as Dataset]
      : graph.edges
          .filter(({ from, type }) => from === node.id && type === 'made')
          .flatMap(({ to }) => datasetOf(at(to)) ?? []);
  const common = {
    run,
    job: { namespace: NAMESPACE, name },
    inputs: byName(inputs),
    producer: NAMESPACE,
    schemaURL: `${SCHEMA}#/$defs/RunEvent`,
  };
  const start: RunEvent = {
    eventType: 'START',
    eventTime: startedAt.toISOString(),
    ...common,
    outputs: [],
  };
  if (!hasEnded) return [start];
  return [
    start,
    {
      ...start,
      eventType: 'COMPLETE',
      eventTime: finishedAt.toISOString(),
      outputs: byName(outputs),
    },
  ];
}

function jobTold({ id, run, seen, isPartial }: JobNode): RunTold {
  const now = new Date(0);
  const finishedAt = run.finishedAt ?? now;
  // When a hidden job ran is not told: the format wants a time, and the epoch is none.
  const times =
    seen === 'full'
      ? { startedAt: run.startedAt ?? finishedAt, finishedAt }
      : { startedAt: now, finishedAt: now };
  const { kind, parameters, seed, engineVersion, createdBy } = run;
  const facet =
    seen === 'full'
      ? { parameters, seed, engineVersion, createdBy, isPartial }
      : { isHidden: true, isPartial };
  return {
    run: {
      runId: seen === 'full' ? run.id : id.slice('hidden:'.length),
      facets: {
        stratum_job: { _producer: NAMESPACE, _schemaURL: `${SCHEMA}#/$defs/RunFacet`, ...facet },
      },
    },
    name: kind,
    ...times,
  };
}

const commitTold = ({ version: { id, createdAt } }: VersionNode): RunTold => ({
  run: { runId: id },
  name: 'commit',
  startedAt: createdAt,
  finishedAt: createdAt,
});

function datasetOf(node: LineageNode): Dataset | null {
  if (node.type === 'job') return null;
  if (node.type === 'artifact') return { namespace: NAMESPACE, name: node.id, facets: {} };
  const { datasetId, versionNumber } = node.version;
  const version = {
    _producer: NAMESPACE,
    _schemaURL: `${VERSION_FACET}#/$defs/DatasetVersionDatasetFacet`,
    datasetVersion: String(versionNumber),
  };
  return { namespace: NAMESPACE, name: `dataset:${datasetId}`, facets: { version } };
}

/** Each dataset once; of two versions of one dataset both. */
function byName(datasets: readonly Dataset[]): Dataset[] {
  const seen = new Map(datasets.map((dataset) => [JSON.stringify(dataset), dataset]));
  return [...seen.values()];
}
