import { Readable } from 'node:stream';
import { Inject, Injectable } from '@nestjs/common';
import {
  ARTIFACT_PRODUCER,
  type IArtifactProducer,
} from '../../core/contracts/artifact-producer.contract.js';
import { EVENT_BUS, type IEventBus } from '../../core/contracts/event-bus.contract.js';
import type { Principal } from '../../core/contracts/principal.contract.js';
import { UnitOfWork, type Transaction } from '../../core/database/index.js';
import { FileNotFoundError } from '../../core/errors/index.js';
import { FilesService, type FileView } from '../../storage/index.js';
import type { Change, FilePut, PutChange } from './changes.js';
import { CommitWriter, type PreparedCommit } from './commit-writer.js';
import { LayerCompactor } from './layer-compactor.service.js';
import { overlayDocument, type DescribedPut } from './overlay.js';
import { checkTogether } from './parse-changes.js';
import type { Version } from './versions.repository.js';

export type CommitRequest = Omit<PreparedCommit, 'puts' | 'overlay'>;

/** What is committed with a version, in the same transaction. */
export interface Alongside {
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
    @Inject(EVENT_BUS) private readonly events: IEventBus,
    private readonly files: FilesService,
    private readonly unitOfWork: UnitOfWork,
    private readonly writer: CommitWriter,
    private readonly compactor: LayerCompactor,
  ) {}

  /**
   * @throws DatasetNotFoundError, FileNotFoundError, ParentNotHeadError, PathAbsentError,
   *   PathExistsError, PathConflictError, ValidationFailedError: nothing was changed
   */
  async commit(
    caller: Principal,
    request: CommitRequest,
    alongside: Alongside = {},
  ): Promise<Version> {
    await checkTogether(request.changes);
    const puts = await this.describePuts(caller, request.changes);
    const overlay = await this.producer.stage(
      Readable.from(overlayDocument(request.changes, puts)),
      { fileType: 'overlay', mimeType: 'application/json' },
    );
    try {
      return await this.unitOfWork.run(async (tx) => {
        await alongside.before?.(tx);
        const version = await this.writer.write(tx, caller, { ...request, puts, overlay });
        await alongside.after?.(tx, version);
        tx.afterCommit(() => this.compactor.compactLater(version));
        tx.afterCommit(() => this.announce(caller, version));
        return version;
      });
    } catch (error) {
      await this.producer.discard([overlay]);
      throw error;
    }
  }

  /** What each put says of its file, completed by what the caller's own use of it says. */
  private async describePuts(
    caller: Principal,
    changes: readonly Change[],
  ): Promise<Map<PutChange, DescribedPut>> {
    const puts = changes.filter((change) => change.op === 'put');
    const views = await this.files.getAll(
      caller,
      puts.flatMap((put) => ('fileId' in put ? put.fileId : [])),
    );
    return new Map(
      puts.map((change): [PutChange, DescribedPut] => {
        if ('staged' in change) {
          const { contentHash, size } = change.staged;
          return [change, { change, contentHash, size, use: change.staged }];
        }
        const view = views.get(change.fileId);
        if (!view) throw new FileNotFoundError(change.fileId);
        const { contentHash, size } = view;
        return [change, { change, contentHash, size, use: useOf(change, view) }];
      }),
    );
  }

  private announce(caller: Principal, { id, datasetId, versionNumber }: Version): void {
    this.events.publish('version.created', {
      datasetId,
      versionId: id,
      versionNumber,
      principalId: caller.id,
    });
  }
}

const useOf = (change: FilePut, view: FileView) => ({
  fileType: change.fileType ?? view.fileType,
  fileName: change.fileName ?? view.fileName,
  mimeType: change.mimeType ?? view.mimeType,
  compressionType: change.compressionType ?? view.compressionType,
  metadata: change.metadata ?? view.metadata,
});
