import type { LineageDto, LineageJobDto, LineageNodeDto } from './dto/lineage.dto.js';
import type { JobNode, LineageGraph, LineageNode } from './lineage-graph.js';

export const toLineageDto = (graph: LineageGraph): LineageDto => ({
  root: graph.root.id,
  isTruncated: graph.isTruncated,
  nodes: [...graph.nodes.values()].map(toNodeDto),
  edges: graph.edges,
});

function toNodeDto(node: LineageNode): LineageNodeDto {
  const { id, type } = node;
  if (type === 'job') return { id, type, job: toJobDto(node) };
  if (type === 'artifact') {
    const { contentHash, file } = node;
    const artifact = {
      contentHash: `sha256:${contentHash}`,
      fileId: file?.id ?? null,
      size: file?.size ?? null,
    };
    return { id, type, artifact };
  }
  const { version } = node;
  return {
    id,
    type,
    version: {
      id: version.id,
      datasetId: version.datasetId,
      slug: version.slug,
      versionNumber: version.versionNumber,
      createdBy: version.createdBy,
      createdAt: version.createdAt,
    },
  };
}

const toJobDto = ({ run, seen, isPartial }: JobNode): LineageJobDto =>
  seen === 'full'
    ? {
        id: run.id,
        kind: run.kind,
        parameters: run.parameters,
        seed: run.seed,
        engineVersion: run.engineVersion,
        createdBy: run.createdBy,
        startedAt: run.startedAt,
        finishedAt: run.finishedAt,
        isRemoved: run.isRemoved,
        isPartial,
      }
    : { kind: run.kind, ...HIDDEN, isPartial };

const HIDDEN = {
  id: null,
  parameters: null,
  seed: null,
  engineVersion: null,
  createdBy: null,
  startedAt: null,
  finishedAt: null,
  isRemoved: false,
} as const;
