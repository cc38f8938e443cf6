import type { Api } from './api.js';

export interface LineageNode {
  id: string;
  type: 'artifact' | 'job' | 'version';
  artifact?: { contentHash: string; fileId: number | null; size: number | null };
  job?: {
    id: string | null;
    kind: string;
    parameters: object | null;
    seed: number | null;
    isRemoved: boolean;
    isPartial: boolean;
  };
  version?: { id: string; datasetId: string; slug: string; versionNumber: number };
}

export interface LineageEdge {
  type: string;
  from: string;
  to: string;
  path?: string;
  name?: string;
}

export interface Lineage {
  root: string;
  isTruncated: boolean;
  nodes: LineageNode[];
  edges: LineageEdge[];
}

/** Of a file, a job or a version: `files/1`, `jobs/…`, `datasets/…/versions/1`. */
export const lineageOf = (api: Api, of: string, query = ''): Promise<Lineage> =>
  api.json<Lineage>(200, `/v1/${of}/lineage?${query}`);

/**
 * Every end of an edge that is no node, and every node that is not found at its address.
 * @param known by the ids of nodes, which are not looked for again
 */
export async function deadEnds(
  api: Api,
  { root, nodes, edges }: Lineage,
  known = new Map<string, boolean>(),
): Promise<string[]> {
  const ids = new Set(nodes.map(({ id }) => id));
  const dead = [root, ...edges.flatMap(({ from, to }) => [from, to])].filter((id) => !ids.has(id));
  for (const node of nodes) {
    const found = known.get(node.id) ?? (await addressedBy(api, node));
    known.set(node.id, found);
    if (!found) dead.push(node.id);
  }
  return dead;
}

async function addressedBy(api: Api, { artifact, job, version }: LineageNode): Promise<boolean> {
  if (artifact) {
    if (artifact.fileId === null) return true;
    const answer = await api.fetch(`/v1/files/${artifact.fileId}`);
    const { contentHash } = (await answer.json()) as { contentHash?: string };
    return contentHash === artifact.contentHash;
  }
  if (job) {
    if (job.id === null) return true;
    const answer = await api.fetch(`/v1/jobs/${job.id}`);
    // That of others is known by what it has made, and not as theirs.
    return job.isRemoved ? answer.status === 404 : [200, 404].includes(answer.status);
  }
  const path = `/v1/datasets/${version?.datasetId}/versions/${version?.versionNumber}`;
  const answer = await api.fetch(path);
  return answer.status === 200 && ((await answer.json()) as { id: string }).id === version?.id;
}
