import { Inject, Injectable } from '@nestjs/common';
import { validate as isUuid } from 'uuid';
import {
  DATASET_SERVICE,
  type IDatasetService,
} from '../../core/contracts/dataset-service.contract.js';
import type { FileId } from '../../core/contracts/ids.js';
import { JOBS, type IJobs, type JobView } from '../../core/contracts/jobs.contract.js';
import type { Principal } from '../../core/contracts/principal.contract.js';
import { VersionNotFoundError, VersionReader } from '../../datasets/index.js';
import { FilesService } from '../../storage/index.js';
import { artifactNode, LineageGraph, versionNode, type LineageNode } from './lineage-graph.js';
import { LineageNodes } from './lineage-nodes.service.js';
import { LineageWalk } from './lineage-walk.js';
import type { Run } from './runs-made.repository.js';

export const DIRECTIONS = ['upstream', 'downstream', 'both'] as const;

export interface WalkOptions {
  direction: (typeof DIRECTIONS)[number];
  /** Steps, each along one edge. */
  depth: number;
}

const MAX_NODES = 1000;

/** What came of what: from a file, a job or a version back to its sources, and on to what was made of it. */
@Injectable()
export class LineageService {
  constructor(
    @Inject(JOBS) private readonly jobs: IJobs,
    @Inject(DATASET_SERVICE) private readonly datasets: IDatasetService,
    private readonly files: FilesService,
    private readonly versions: VersionReader,
    private readonly nodes: LineageNodes,
  ) {}

  /** @throws FileNotFoundError */
  async ofFile(caller: Principal, id: FileId, options: WalkOptions): Promise<LineageGraph> {
    const { contentHash, size } = await this.files.get(caller, id);
    return await this.walk(caller, artifactNode(contentHash, { id, size }), options);
  }

  /** Also of a job that was forgotten, while something is left that it has made. @throws JobNotFoundError */
  async ofJob(caller: Principal, id: string, options: WalkOptions): Promise<LineageGraph> {
    return await this.walk(caller, await this.jobNode(caller, id), options);
  }

  /** @throws DatasetNotFoundError, VersionNotFoundError, VersionDeletedError */
  async ofVersion(
    caller: Principal,
    key: string,
    ref: string,
    options: WalkOptions,
  ): Promise<LineageGraph> {
    const dataset = await this.datasets.get(caller, key);
    const { id } = await this.versions.resolve(dataset, ref);
    const [version] = await this.nodes.versions.findAll(caller, [id]);
    if (!version) throw new VersionNotFoundError(ref);
    return await this.walk(caller, versionNode(version), options);
  }

  private async walk(
    caller: Principal,
    root: LineageNode,
    { direction, depth }: WalkOptions,
  ): Promise<LineageGraph> {
    const graph = new LineageGraph(root, MAX_NODES);
    const walk = new LineageWalk(this.nodes, caller, graph);
    if (direction !== 'downstream') await walk.follow('upstream', depth);
    if (direction !== 'upstream') await walk.follow('downstream', depth);
    return graph;
  }

  private async jobNode(caller: Principal, id: string): Promise<LineageNode> {
    const [kept] = isUuid(id) ? await this.nodes.runs.findAll([id]) : [];
    const isOwn = kept && (caller.isAdmin || kept.createdBy === caller.id);
    const run = isOwn ? kept : runOf(await this.jobs.find(caller, id));
    const [node] = await this.nodes.seen(caller, [run]);
    return node as LineageNode;
  }
}

/** Of a job that has made nothing, or not yet. */
const runOf = (job: JobView): Run => ({
  ...job,
  inputs: job.source
    ? [
        {
          contentHash: job.source.file?.contentHash ?? null,
          versionId: job.source.versionId,
          path: job.source.path,
        },
      ]
    : [],
  outputs: [],
  isRemoved: false,
});
