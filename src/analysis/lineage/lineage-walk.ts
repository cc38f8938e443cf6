import type { Principal } from '../../core/contracts/principal.contract.js';
import {
  artifactNode,
  versionNode,
  type ArtifactNode,
  type JobNode,
  type LineageEdge,
  type LineageGraph,
  type LineageNode,
  type VersionNode,
} from './lineage-graph.js';
import type { LineageNodes } from './lineage-nodes.service.js';
import type { RunInput } from './runs-made.repository.js';

/** An edge, and what is at its other end. */
interface Link {
  edge: LineageEdge;
  node: LineageNode;
}

/**
 * A walk from one node, in breadth: each step asks for the neighbours of all nodes of the last one together,
 * so it takes a few statements a step, however many nodes there are. A node is gone through once, so cycles
 * (a file converted and converted back) end.
 */
export class LineageWalk {
  constructor(
    private readonly nodes: LineageNodes,
    private readonly caller: Principal,
    private readonly graph: LineageGraph,
  ) {}

  async follow(direction: 'upstream' | 'downstream', depth: number): Promise<void> {
    const { graph } = this;
    const visited = new Set([graph.root.id]);
    let frontier: LineageNode[] = [graph.root];
    // One step more than asked: it adds edges between nodes that are there, and tells whether there are others.
    for (let step = 0; step <= depth && frontier.length > 0; step += 1) {
      const next: LineageNode[] = [];
      for (const { edge, node } of await this.step(frontier, direction)) {
        // There was no room for the other end, which came before.
        if (!graph.nodes.has(edge.from === node.id ? edge.to : edge.from)) continue;
        if (!graph.nodes.has(node.id)) {
          if (step === depth || graph.room <= 0) {
            graph.isTruncated = true;
            continue;
          }
          graph.nodes.set(node.id, node);
        }
        graph.link(edge);
        if (!visited.has(node.id)) next.push(node);
        visited.add(node.id);
      }
      frontier = next;
    }
  }

  /** More than fit are asked for, so that it is seen that there are more. */
  private get limit(): number {
    return Math.max(this.graph.room, 0) + 1;
  }

  private async step(
    frontier: readonly LineageNode[],
    direction: 'upstream' | 'downstream',
  ): Promise<Link[]> {
    const artifacts = frontier.filter((node) => node.type === 'artifact');
    // Of a hidden job nothing is told but what the caller came from.
    const jobs = frontier.filter(
      (node) => node.type === 'job' && node.seen === 'full',
    ) as JobNode[];
    const versions = frontier.filter((node) => node.type === 'version');
    return direction === 'upstream'
      ? [
          ...(await this.makersOf(artifacts)),
          ...(await this.inputsOf(jobs)),
          ...(await this.originsOf(versions)),
        ]
      : [
          ...(await this.readersOf(artifacts)),
          ...(await this.bringersOf(artifacts)),
          ...(await this.outputsOf(jobs)),
          ...(await this.successorsOf(versions)),
        ];
  }

  private async makersOf(artifacts: readonly ArtifactNode[]): Promise<Link[]> {
    const hashes = hashesOf(artifacts);
    const ids = await this.nodes.runs.makersOf(this.caller, [...hashes], this.limit);
    const jobs = await this.nodes.jobs(this.caller, ids);
    return jobs.flatMap((node) =>
      node.run.outputs
        .filter(({ contentHash }) => hashes.has(contentHash))
        .map(({ name, contentHash }) => ({ edge: made(node, contentHash, name), node })),
    );
  }

  private async inputsOf(jobs: readonly JobNode[]): Promise<Link[]> {
    const inputs = jobs.flatMap((job) => job.run.inputs.map((input) => ({ job, input })));
    const files = await this.nodes.artifacts(
      this.caller,
      inputs.flatMap(({ input }) => input.contentHash ?? []),
    );
    const versions = await this.nodes.versionsOf(
      this.caller,
      inputs.map(({ input }) => input.versionId),
    );
    const links: Link[] = [];
    for (const { job, input } of inputs) {
      const version = versions.get(input.versionId);
      const node = version && versionNode(version);
      if (node) links.push({ edge: used(node, job, input), node });
      if (node && input.contentHash === null) {
        links.push(...(await this.filesOf(node, input.path ?? '')));
      }
      if (input.contentHash === null) continue;
      const artifact = artifactNode(input.contentHash, files.get(input.contentHash));
      if (artifact.file || job.isOwn)
        links.push({ edge: used(artifact, job, input), node: artifact });
    }
    return links;
  }

  /** What versions were made on, what they were published of, and what is in that which was asked for. */
  private async originsOf(nodes: readonly VersionNode[]): Promise<Link[]> {
    const links: Link[] = [];
    const parents = await this.nodes.versionsOf(
      this.caller,
      nodes.flatMap(({ version }) => parentsOf(version)),
    );
    const jobIds = nodes.flatMap(({ version }) => version.jobId ?? []);
    const jobs = await this.nodes.jobs(this.caller, jobIds);
    for (const node of nodes) {
      for (const id of parentsOf(node.version)) {
        const parent = parents.get(id);
        if (parent) links.push(revision(versionNode(parent), node, 'from'));
      }
      const job = jobs.find(({ run }) => run.id === node.version.jobId);
      if (job) links.push({ edge: published(job, node), node: job });
      if (node.id === this.graph.root.id) links.push(...(await this.filesOf(node, '')));
    }
    return links;
  }

  private async filesOf(node: VersionNode, folder: string): Promise<Link[]> {
    const files = await this.nodes.versions.filesOf(node.version.id, folder, this.limit);
    return files.map(({ path, fileId, contentHash, size }) => {
      const artifact = artifactNode(contentHash, { id: fileId, size });
      return { edge: contains(artifact, node, path), node: artifact };
    });
  }

  private async readersOf(artifacts: readonly ArtifactNode[]): Promise<Link[]> {
    const hashes = hashesOf(artifacts);
    const ids = await this.nodes.runs.readersOf(this.caller, [...hashes], this.limit);
    return (await this.fullJobs(ids)).flatMap((node) =>
      node.run.inputs.flatMap((input) =>
        input.contentHash !== null && hashes.has(input.contentHash)
          ? { edge: used({ id: `sha256:${input.contentHash}` }, node, input), node }
          : [],
      ),
    );
  }

  private async bringersOf(artifacts: readonly ArtifactNode[]): Promise<Link[]> {
    if (!this.caller.permissions.has('datasets:read')) return [];
    const byFile = new Map(
      artifacts.flatMap((artifact) => (artifact.file ? [[artifact.file.id, artifact]] : [])),
    );
    const found = await this.nodes.versions.bringing(this.caller, [...byFile.keys()], this.limit);
    return found.map((version) => {
      const node = versionNode(version);
      return { edge: contains(byFile.get(version.fileId) as ArtifactNode, node), node };
    });
  }

  private async outputsOf(jobs: readonly JobNode[]): Promise<Link[]> {
    const files = await this.nodes.artifacts(
      this.caller,
      jobs.flatMap(({ run }) => run.outputs.map(({ contentHash }) => contentHash)),
    );
    const artifacts = jobs.flatMap((job) =>
      job.run.outputs.flatMap(({ name, contentHash }) => {
        const node = artifactNode(contentHash, files.get(contentHash));
        return node.file || job.isOwn ? { edge: made(job, contentHash, name), node } : [];
      }),
    );
    return [...artifacts, ...(await this.publicationsOf(jobs))];
  }

  private async publicationsOf(jobs: readonly JobNode[]): Promise<Link[]> {
    if (!this.caller.permissions.has('datasets:read')) return [];
    const byId = new Map(jobs.map((job) => [job.run.id, job]));
    const found = await this.nodes.versions.publishedOf(this.caller, [...byId.keys()], this.limit);
    return found.map((version) => {
      const node = versionNode(version);
      return { edge: published(byId.get(version.jobId as string) as JobNode, node), node };
    });
  }

  private async successorsOf(nodes: readonly VersionNode[]): Promise<Link[]> {
    const byId = new Map<string, VersionNode>(nodes.map((node) => [node.version.id, node]));
    const ids = [...byId.keys()];
    const children = await this.nodes.versions.childrenOf(this.caller, ids, this.limit);
    const readers = await this.fullJobs(
      await this.nodes.runs.readersOfVersions(this.caller, ids, this.limit),
    );
    return [
      ...children.flatMap((child) =>
        parentsOf(child).flatMap((id) => {
          const parent = byId.get(id);
          return parent ? revision(parent, versionNode(child), 'to') : [];
        }),
      ),
      ...readers.flatMap((node) =>
        node.run.inputs.flatMap((input) => {
          const version = byId.get(input.versionId);
          return version ? { edge: used(version, node, input), node } : [];
        }),
      ),
    ];
  }

  /** What was made of something is told of jobs that the caller may know all of. */
  private async fullJobs(ids: readonly string[]): Promise<JobNode[]> {
    const jobs = await this.nodes.jobs(this.caller, ids);
    return jobs.filter(({ seen }) => seen === 'full');
  }
}

const hashesOf = (artifacts: readonly ArtifactNode[]): Set<string> =>
  new Set(artifacts.map(({ contentHash }) => contentHash));

const parentsOf = ({ parentId, mergedId }: VersionNode['version']): string[] =>
  [parentId, mergedId].filter((id) => id !== null);

const made = ({ id }: JobNode, contentHash: string, name: string): LineageEdge => ({
  type: 'made',
  from: id,
  to: `sha256:${contentHash}`,
  name,
});

const used = ({ id }: { id: string }, job: JobNode, { path }: RunInput): LineageEdge => ({
  type: 'used',
  from: id,
  to: job.id,
  ...(path !== null && { path }),
});

const contains = ({ id }: ArtifactNode, version: VersionNode, path?: string): LineageEdge => ({
  type: 'contains',
  from: id,
  to: version.id,
  ...(path !== undefined && { path }),
});

const published = ({ id }: JobNode, version: VersionNode): LineageEdge => ({
  type: 'published',
  from: id,
  to: version.id,
});

/** @param end which of the two is at the end of the link */
const revision = (parent: VersionNode, child: VersionNode, end: 'from' | 'to'): Link => ({
  edge: { type: 'revised', from: parent.id, to: child.id },
  node: end === 'from' ? parent : child,
});
