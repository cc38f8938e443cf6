import { Readable } from 'node:stream';
import { Inject, Injectable } from '@nestjs/common';
import {
  ARTIFACT_PRODUCER,
  type IArtifactProducer,
} from '../../core/contracts/artifact-producer.contract.js';
import type { FileUse } from '../../core/contracts/file-references.contract.js';
import type { Principal } from '../../core/contracts/principal.contract.js';
import { UnitOfWork, type Transaction } from '../../core/database/index.js';
import { FileNotFoundError } from '../../core/errors/index.js';
import { FilesService, type FileView } from '../../storage/index.js';
import { DatasetChanges, versionOf, versionTargets } from '../dataset-changes.service.js';
import type { Change, DescribedChange, DescribedFile, FilePut } from './changes.js';
import { CommitWriter, type PreparedCommit } from './commit-writer.js';
import { LayerCompactor } from './layer-compactor.service.js';
import { overlayDocument } from './overlay.js';
import { checkTogether } from './parse-changes.js';
import type { Version } from './versions.repository.js';

export type NewCommit = Omit<PreparedCommit, 'overlay'>;

export interface CommitRequest extends Omit<NewCommit, 'changes' | 'mergedId'> {
  changes: readonly Change[];
}

/** What is committed with a version, in the same transaction. */
export interface Alongside {
  /**
   * What the audit log is told besides the version. Default: that it was committed; `null`: whoever
   * asked for it records it.
   */
  audit?: { action: 'version.restore' | 'version.merge'; details: Record<string, unknown> } | null;
  before?: (tx: Transaction) => Promise<void>;
  after?: (tx: Transaction, version: Version) => Promise<void>;
}

/**
 * Makes versions. A commit is one transaction: its changes, the references to its files, the overlay
 * document and the branch that moves. Commits of one dataset follow each other.
 */
@Injectable()
export class CommitService {
  constructor(
    @Inject(ARTIFACT_PRODUCER) private readonly producer: IArtifactProducer,
    private readonly changes: DatasetChanges,
    private readonly files: FilesService,
    private readonly unitOfWork: UnitOfWork,
    private readonly writer: CommitWriter,
    private readonly compactor: LayerCompactor,
  ) {}

  /**
   * What a caller asks for.
   * @throws DatasetNotFoundError, FileNotFoundError, ParentNotHeadError, PathAbsentError,
   *   PathExistsError, PathConflictError, QuotaExceededError, ValidationFailedError: nothing was changed
   */
  async commit(
    caller: Principal,
    request: CommitRequest,
    alongside: Alongside = {},
  ): Promise<Version> {
    await checkTogether(request.changes);
    const changes = await this.describe(caller, request.changes);
    return await this.make(
      caller,
      Object.assign({}, request, { changes, mergedId: null }),
      alongside,
    );
  }

  /** Makes a version of changes whose files are known. @throws as `commit` */
  async make(caller: Principal, commit: NewCommit, alongside: Alongside = {}): Promise<Version> {
    const overlay = await this.producer.stage(Readable.from(overlayDocument(commit.changes)), {
      fileType: 'overlay',
      mimeType: 'application/json',
    });
    try {
      return await this.unitOfWork.run(async (tx) => {
        await alongside.before?.(tx);
        const version = await this.writer.write(tx, caller, { ...commit, overlay });
        await this.record(tx, caller, { version, commit, alongside });
        await alongside.after?.(tx, version);
        tx.afterCommit(() => this.compactor.compactLater(version));
        this.changes.announceVersion(tx, caller, version);
        return version;
      });
    } catch (error) {
      await this.producer.discard([overlay]);
      throw error;
    }
  }

  /** What each put says of its file, completed by what the caller's own use of it says. */
  private async describe(
    caller: Principal,
    changes: readonly Change[],
  ): Promise<DescribedChange[]> {
    const puts = changes.filter((change) => change.op === 'put');
    const views = await this.files.getAll(
      caller,
      puts.flatMap((put) => ('fileId' in put ? put.fileId : [])),
    );
    return changes.map((change) => {
      if (change.op !== 'put') return change;
      const { op, path, index = null } = change;
      if ('staged' in change) return { op, path, file: described(change, change.staged, index) };
      const view = views.get(change.fileId);
      if (!view) throw new FileNotFoundError(change.fileId);
      return { op, path, file: described(change, completed(change, view), index) };
    });
  }

  private async record(
    tx: Transaction,
    caller: Principal,
    { version, commit, alongside }: { version: Version; commit: NewCommit; alongside: Alongside },
  ): Promise<void> {
    if (alongside.audit === null) return;
    const { versionNumber } = version;
    await this.changes.record(tx, caller, {
      action: alongside.audit?.action ?? 'version.create',
      targets: versionTargets(version),
      before: null,
      after: versionOf(version),
      details: {
        versionNumber,
        branch: commit.branch,
        changes: commit.changes.length,
        ...(version.jobId && { jobId: version.jobId }),
        ...alongside.audit?.details,
      },
    });
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
