import { Inject, Injectable } from '@nestjs/common';
import { PeriodicTask } from '../../core/background/periodic-task.js';
import { ENV, type Env } from '../../core/config/config.js';
import {
  FILE_REFERENCES,
  type IFileReferences,
} from '../../core/contracts/file-references.contract.js';
import { UnitOfWork, type Transaction } from '../../core/database/index.js';
import { LayersRepository } from '../versions/layers.repository.js';
import { ReleasesRepository } from './releases.repository.js';
import { VersionReleaser } from './version-releaser.js';

/** References, or layers, of one transaction. */
const BATCH = 500;
/** Rows without references: their removal is cheap. */
const REMOVED_ROWS = 10_000;

/**
 * Gives up the files of what was deleted: in the background, in short transactions, each reference exactly
 * once however often and wherever it is interrupted, in any number of processes. What was given up is
 * marked in the transaction that gives it up; the dataset's row is locked, as by a commit.
 */
@Injectable()
export class Releaser extends PeriodicTask {
  constructor(
    @Inject(FILE_REFERENCES) private readonly references: IFileReferences,
    @Inject(ENV) env: Pick<Env, 'GC_INTERVAL_SECONDS'>,
    private readonly releases: ReleasesRepository,
    private readonly layers: LayersRepository,
    private readonly versions: VersionReleaser,
    private readonly unitOfWork: UnitOfWork,
  ) {
    super({
      intervalMs: env.GC_INTERVAL_SECONDS * 1000,
      failure: 'What was deleted could not be given up; trying later.',
    });
  }

  /** Sometime soon: nobody waits for it. */
  releaseLater(): void {
    this.wake();
  }

  /** Everything that is due now, after the turn that is running. */
  async release(): Promise<void> {
    await this.alone(() => this.turn());
  }

  protected async turn(): Promise<void> {
    await this.each(await this.releases.deletedVersions(BATCH), (version) =>
      this.versions.release(version, () => this.isStopping),
    );
    await this.each(await this.releases.deletedDatasets(BATCH), (id) => this.releaseDataset(id));
    while (!this.isStopping && (await this.layers.removeRetired(BATCH)) === BATCH);
  }

  /** One that fails is tried again the next time, and keeps none of the others waiting. */
  private async each<T>(due: readonly T[], work: (one: T) => Promise<void>): Promise<void> {
    for (const one of due) {
      if (this.isStopping) return;
      try {
        await work(one);
      } catch (error) {
        this.logger.warn({ err: error, due: one }, 'A deletion was not carried out to its end.');
      }
    }
  }

  private async releaseDataset(id: string): Promise<void> {
    await this.inBatches(async (tx) => {
      await this.layers.lockDataset(tx, id);
      return await this.giveUp(tx, await this.releases.releaseAny(tx, id, BATCH));
    });
    await this.inBatches(async (tx) => {
      await this.layers.lockDataset(tx, id);
      return await this.giveUp(tx, await this.releases.releaseOverlays(tx, id, BATCH));
    });
    await this.inBatches((tx) => this.releases.removeEntries(tx, id, REMOVED_ROWS));
    await this.inBatches((tx) => this.releases.removeComponents(tx, id, REMOVED_ROWS));
    if (!this.isStopping) await this.unitOfWork.run((tx) => this.releases.removeDataset(tx, id));
  }

  private async giveUp(tx: Transaction, referenceIds: readonly string[]): Promise<number> {
    await this.references.releaseAll(tx, referenceIds);
    return referenceIds.length;
  }

  /** Repeats a step, each time in a transaction of its own, until it finds nothing. */
  private async inBatches(step: (tx: Transaction) => Promise<number>): Promise<void> {
    while (!this.isStopping && (await this.unitOfWork.run(step)) > 0);
  }
}
