import { Inject, Injectable } from '@nestjs/common';
import type { StagedArtifact } from '../../core/contracts/artifact-producer.contract.js';
import type { FileUse } from '../../core/contracts/file-references.contract.js';
import type { Principal } from '../../core/contracts/principal.contract.js';
import { ROW_PATCHES, type IRowPatches } from '../../core/contracts/row-patches.contract.js';
import { FileNotFoundError, ValidationFailedError } from '../../core/errors/index.js';
import { FilesService, type FileView } from '../../storage/index.js';
import { PathAbsentError } from '../datasets.errors.js';
import type {
  Change,
  DescribedChange,
  DescribedFile,
  DescribedPatch,
  DescribedPut,
  FilePut,
  PatchChange,
  PutChange,
} from './changes.js';
import { refuseOtherParent } from './commit-writer.js';
import { describedAgain, patchesAgain, type ComponentView } from './components.repository.js';
import { VersionReader } from './version-reader.service.js';

export interface ChangesToDescribe {
  datasetId: string;
  branch: string;
  parent?: string | number | null;
  changes: readonly Change[];
}

/** Finds out what a version is made of when it is made of these changes. */
@Injectable()
export class ChangeDescriber {
  constructor(
    private readonly files: FilesService,
    private readonly versions: VersionReader,
    @Inject(ROW_PATCHES) private readonly patches: IRowPatches,
  ) {}

  /**
   * @param staged gets what is stored for them, also when it fails
   * @param pointerOf where a change stands in the request
   * @throws FileNotFoundError, ParentNotHeadError, PathAbsentError, and what `IRowPatches.prepare` throws
   */
  async describe(
    caller: Principal,
    request: ChangesToDescribe,
    staged: StagedArtifact[],
    pointerOf: (index: number) => string,
  ): Promise<DescribedChange[]> {
    const { changes } = request;
    const puts = await this.describePuts(caller, changes);
    const patched = await this.filesToPatch(request);
    const described: DescribedChange[] = [];
    for (const [index, change] of changes.entries()) {
      if (change.op === 'put') described.push(puts.get(change) as DescribedPut);
      else if (change.op !== 'patch') described.push(change);
      else {
        const file = patched.get(change.path);
        if (!file) throw new PathAbsentError(change.path);
        described.push(
          await this.describePatch(caller, change, file, staged).catch((error: unknown) => {
            throw error instanceof ValidationFailedError ? error.below(pointerOf(index)) : error;
          }),
        );
      }
    }
    return described;
  }

  /** What each put says of its file, completed by what the caller's own use of it says. */
  private async describePuts(
    caller: Principal,
    changes: readonly Change[],
  ): Promise<Map<Change, DescribedPut>> {
    const puts = changes.filter((change): change is PutChange => change.op === 'put');
    const views = await this.files.getAll(
      caller,
      puts.flatMap((put) => ('fileId' in put ? put.fileId : [])),
    );
    return new Map<Change, DescribedPut>(
      puts.map((put) => {
        const { op, path, index = null } = put;
        if ('staged' in put)
          return [put, { op, path, file: described({ staged: put.staged }, put.staged, index) }];
        const view = views.get(put.fileId);
        if (!view) throw new FileNotFoundError(put.fileId);
        return [
          put,
          { op, path, file: described({ fileId: put.fileId }, completed(put, view), index) },
        ];
      }),
    );
  }

  /** As the head of the branch has them, by path. */
  private async filesToPatch(request: ChangesToDescribe): Promise<Map<string, ComponentView>> {
    const paths = request.changes.flatMap(({ op, path }) => (op === 'patch' ? path : []));
    if (paths.length === 0) return new Map();
    const head = await this.versions.headOf(request.datasetId, request.branch);
    refuseOtherParent(request, head);
    return head ? await this.versions.filesAt(head.id, paths) : new Map();
  }

  private async describePatch(
    caller: Principal,
    { path, ...patch }: PatchChange,
    file: ComponentView,
    staged: StagedArtifact[],
  ): Promise<DescribedPut> {
    const prepared = await this.patches.prepare(caller, { ...file, path }, patch);
    staged.push(prepared.staged);
    const { contentHash, size } = prepared.staged;
    const made: DescribedPatch = {
      source: { staged: prepared.staged },
      contentHash,
      size,
      ...prepared.counts,
    };
    const before = prepared.isFold || !file.patches ? [] : patchesAgain(file.patches).chain;
    const patches = { key: [...patch.key], chain: [...before, made] };
    return {
      op: 'put',
      path,
      file: { ...describedAgain(file), patches },
      madeOf: file.id,
    };
  }
}

const completed = (put: FilePut, view: FileView) => ({
  contentHash: view.contentHash,
  size: view.size,
  fileType: put.fileType ?? view.fileType,
  fileName: put.fileName ?? view.fileName,
  mimeType: put.mimeType ?? view.mimeType,
  compressionType: put.compressionType ?? view.compressionType,
  metadata: put.metadata ?? view.metadata,
});

const described = (
  source: DescribedFile['source'],
  { contentHash, size, ...use }: FileUse & { contentHash: string; size: number },
  index: number | null,
): DescribedFile => ({ source, contentHash, size, use, index });
