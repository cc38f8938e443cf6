import type { FileId } from '../../core/contracts/ids.js';
import type { RelatedVersion } from '../../datasets/index.js';
import type { Run } from './runs-made.repository.js';

/** A content, whatever it is called where. */
export interface ArtifactNode {
  id: string;
  type: 'artifact';
  /** SHA-256, lower-case hex. */
  contentHash: string;
  /** `null`: there is none, or none that the caller may read. */
  file: { id: FileId; size: number } | null;
}

/** A job, as far as the caller may know of it. */
export interface JobNode {
  id: string;
  type: 'job';
  run: Run;
  /** `hidden`: the caller reads something that it has made, and knows no more than that. */
  seen: 'full' | 'hidden';
  /** Whether it is the caller's, who knows the digests of what it read and made. */
  isOwn: boolean;
  /** Whether some of what it read or made is gone, or not for the caller to read. */
  isPartial: boolean;
}

export interface VersionNode {
  id: string;
  type: 'version';
  version: RelatedVersion;
}

export type LineageNode = ArtifactNode | JobNode | VersionNode;

/**
 * From what was there to what came of it: a run has `used` an artifact or a version and `made` an artifact,
 * a version `contains` an artifact, was `published` of a run, and is a revision (`revised`) of another.
 */
export interface LineageEdge {
  type: 'used' | 'made' | 'contains' | 'published' | 'revised';
  from: string;
  to: string;
  /** Where in the version the artifact is or was. */
  path?: string;
  /** Of the output. */
  name?: string;
}

export const artifactNode = (
  contentHash: string,
  file: ArtifactNode['file'] | undefined,
): ArtifactNode => ({
  id: `sha256:${contentHash}`,
  type: 'artifact',
  contentHash,
  file: file ?? null,
});

export const versionNode = (version: RelatedVersion): VersionNode => ({
  id: `version:${version.id}`,
  type: 'version',
  version,
});

/** What a walk has found. */
export class LineageGraph {
  readonly nodes = new Map<string, LineageNode>();
  /** By what they say, so that none is told twice. */
  private readonly byKey = new Map<string, LineageEdge>();
  /** Whether there is more than was asked for, or than fits. */
  isTruncated = false;

  constructor(
    readonly root: LineageNode,
    private readonly maxNodes: number,
  ) {
    this.nodes.set(root.id, root);
  }

  /** How many nodes it still takes. */
  get room(): number {
    return this.maxNodes - this.nodes.size;
  }

  get edges(): LineageEdge[] {
    return [...this.byKey.values()];
  }

  link(edge: LineageEdge): void {
    const { type, from, to, path = '', name = '' } = edge;
    this.byKey.set([type, from, to, path, name].join('\n'), edge);
  }
}
