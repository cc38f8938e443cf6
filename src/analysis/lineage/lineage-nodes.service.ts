import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { stringify as toUuid } from 'uuid';
import type { FileId } from '../../core/contracts/ids.js';
import type { Principal } from '../../core/contracts/principal.contract.js';
import { VersionRelationsRepository, type RelatedVersion } from '../../datasets/index.js';
import { FilesService } from '../../storage/index.js';
import type { JobNode } from './lineage-graph.js';
import { RunsMadeRepository, type Run } from './runs-made.repository.js';

type Files = Map<string, { id: FileId; size: number }>;

/**
 * What a caller sees of what lineage is made of. An artifact and a version are seen by those who may read
 * them. A run is seen in full by whoever has submitted it and by admins, and by those who may read all that
 * it read and something that it made: its parameters tell of both. Who reads only what it made sees that a job
 * of its kind has made it; of all others it is hidden.
 */
@Injectable()
export class LineageNodes {
  constructor(
    private readonly files: FilesService,
    readonly versions: VersionRelationsRepository,
    readonly runs: RunsMadeRepository,
  ) {}

  /** Of these contents those that the caller reads. A credential that reads no files knows of none. */
  async artifacts(caller: Principal, hashes: readonly string[]): Promise<Files> {
    if (!caller.permissions.has('files:read')) return new Map();
    return await this.files.findReadable(caller, [...new Set(hashes)]);
  }

  async versionsOf(
    caller: Principal,
    ids: readonly string[],
  ): Promise<Map<string, RelatedVersion>> {
    if (!caller.permissions.has('datasets:read')) return new Map();
    const found = await this.versions.findAll(caller, [...new Set(ids)]);
    return new Map(found.map((version) => [version.id, version]));
  }

  /** Those of these runs that the caller may know of. */
  async jobs(caller: Principal, ids: readonly string[]): Promise<JobNode[]> {
    const runs = await this.runs.findAll([...new Set(ids)]);
    return await this.seen(caller, runs);
  }

  async seen(caller: Principal, runs: readonly Run[]): Promise<JobNode[]> {
    const contents = runs.flatMap(({ inputs, outputs }) =>
      [...inputs, ...outputs].flatMap(({ contentHash }) => contentHash ?? []),
    );
    const files = await this.artifacts(caller, contents);
    const versions = await this.versionsOf(
      caller,
      runs.flatMap(({ inputs }) => inputs.map(({ versionId }) => versionId)),
    );
    return runs.flatMap((run) => jobNode(caller, run, files, versions) ?? []);
  }
}

function jobNode(
  caller: Principal,
  run: Run,
  files: Files,
  versions: Map<string, RelatedVersion>,
): JobNode | null {
  const isOwn = caller.isAdmin || run.createdBy === caller.id;
  const read = run.outputs.filter(({ contentHash }) => files.has(contentHash));
  const readsInputs = run.inputs.every(
    ({ contentHash, versionId }) =>
      versions.has(versionId) && (contentHash === null || files.has(contentHash)),
  );
  if (!isOwn && read.length === 0) return null;
  const isFull = (isOwn || readsInputs) && caller.permissions.has('jobs:read');
  return {
    id: isFull ? `job:${run.id}` : `hidden:${disguised(run.id)}`,
    type: 'job',
    run,
    seen: isFull ? 'full' : 'hidden',
    isOwn,
    isPartial: !isFull || !readsInputs || read.length < run.outputs.length,
  };
}

/** A UUID (RFC 9562, version 8) that is always the same and does not tell the id. */
function disguised(id: string): string {
  const bytes = createHash('sha256').update(`lineage ${id}`).digest().subarray(0, 16);
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x80, 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  return toUuid(bytes);
}
