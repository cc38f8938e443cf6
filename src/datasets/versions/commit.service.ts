import { Readable } from 'node:stream';
import { Inject, Injectable } from '@nestjs/common';
import {
  ARTIFACT_PRODUCER,
  type IArtifactProducer,
  type StagedArtifact,
} from '../../core/contracts/artifact-producer.contract.js';
import type { Principal } from '../../core/contracts/principal.contract.js';
import { UnitOfWork, type Transaction } from '../../core/database/index.js';
import { TransactionConflictError } from '../../core/errors/index.js';
import { DatasetChanges, versionOf, versionTargets } from '../dataset-changes.service.js';
import { ChangeDescriber } from './change-describer.service.js';
import type { Change } from './changes.js';
import { CommitWriter, StaleChangeError, type PreparedCommit } from './commit-writer.js';
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
  /** Where a change stands in the request, for faults. Default: in an array `changes`. */
  pointerOf?: (index: number) => string;
}

const toChanges = (index: number): string => `/changes/${index}`;

/** How often patches are prepared anew because others have changed the same table meanwhile. */
const MAX_TRIES = 5;

/**
 * Makes versions. A commit is one transaction: its changes, the references to its files, the overlay
 * document and the branch that moves. Commits of one dataset follow each other.
 */
@Injectable()
export class CommitService {
  constructor(
    @Inject(ARTIFACT_PRODUCER) private readonly producer: IArtifactProducer,
    private readonly changes: DatasetChanges,
    private readonly describer: ChangeDescriber,
    private readonly unitOfWork: UnitOfWork,
    private readonly writer: CommitWriter,
    private readonly compactor: LayerCompactor,
  ) {}

  /**
   * What a caller asks for.
   * @throws DatasetNotFoundError, FileNotFoundError, ParentNotHeadError, PathAbsentError,
   *   PathExistsError, PathConflictError, QuotaExceededError, ValidationFailedError, and what
   *   `IRowPatches.prepare` throws: nothing was changed
   */
  async commit(
    caller: Principal,
    request: CommitRequest,
    alongside: Alongside = {},
  ): Promise<Version> {
    const { pointerOf = toChanges } = alongside;
    await checkTogether(request.changes, pointerOf);
    for (let tries = 1; ; tries += 1) {
      const staged: StagedArtifact[] = [];
      try {
        const changes = await this.describer.describe(caller, request, staged, pointerOf);
        const commit = Object.assign({}, request, { changes, mergedId: null });
        return await this.make(caller, commit, alongside);
      } catch (error) {
        await this.producer.discard(staged);
        if (!(error instanceof StaleChangeError)) throw error;
        if (tries === MAX_TRIES) throw new TransactionConflictError(error);
      }
    }
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
