import {
  Inject,
  Injectable,
  Logger,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { ENV, type Env } from '../../core/config/config.js';
import {
  FILE_REFERENCES,
  type IFileReferences,
} from '../../core/contracts/file-references.contract.js';
import { UnitOfWork, type Transaction } from '../../core/database/index.js';
import { LayersRepository } from '../versions/layers.repository.js';
import { ReleasesRepository, type DeletedVersion } from './releases.repository.js';
import { VersionReleaser } from './version-releaser.js';

/** References, or layers, of one transaction. */
const BATCH = 500;

/**
 * Gives up the files of what was deleted: in the background, in short transactions, each reference exactly
 * once however often and wherever it is interrupted, in any number of processes. What was given up is
 * marked in the transaction that gives it up; the dataset's row is locked, as by a commit.
 */
@Injectable()
export class Releaser implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly logger = new Logger(Releaser.name);
  private timer: NodeJS.Timeout | null = null;
  private running: Promise<void> = Promise.resolve();
  private isStopping = false;

  constructor(
    @Inject(FILE_REFERENCES) private readonly references: IFileReferences,
    @Inject(ENV) private readonly env: Pick<Env, 'GC_INTERVAL_SECONDS'>,
    private readonly releases: ReleasesRepository,
    private readonly layers: LayersRepository,
    private readonly versions: VersionReleaser,
    private readonly unitOfWork: UnitOfWork,
  ) {}

  onApplicationBootstrap(): void {
    if (this.env.GC_INTERVAL_SECONDS === 0) return;
    this.timer = setInterval(() => this.releaseLater(), this.env.GC_INTERVAL_SECONDS * 1000);
    this.timer.unref();
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.isStopping = true;
    if (this.timer) clearInterval(this.timer);
    await this.running;
  }

  /** Sometime soon: nobody waits for it. */
  releaseLater(): void {
    this.release().catch((error: unknown) => {
      this.logger.warn({ err: error }, 'What was deleted could not be given up; trying later.');
    });
  }

  /** Everything that is due now, one turn after the other. */
  async release(): Promise<void> {
    const done = this.running.then(() => this.releaseDue());
    this.running = done.catch(() => undefined);
    await done;
  }

  private async releaseDue(): Promise<void> {
    for (let version = await this.due(); version; version = await this.due()) {
      await this.versions.release(version, () => this.isStopping);
    }
    for (let id = await this.dueDataset(); id !== null; id = await this.dueDataset()) {
      await this.releaseDataset(id);
    }
    while (!this.isStopping && (await this.layers.removeRetired(BATCH)) === BATCH);
  }

  private async due(): Promise<DeletedVersion | null> {
    return this.isStopping ? null : await this.releases.nextDeletedVersion();
  }

  private async dueDataset(): Promise<string | null> {
    return this.isStopping ? null : await this.releases.nextDeletedDataset();
  }

  private async releaseDataset(id: string): Promise<void> {
    const steps = [
      (tx: Transaction) => this.releases.releaseAny(tx, id, BATCH),
      (tx: Transaction) => this.releases.releaseOverlays(tx, id, BATCH),
    ];
    for (const step of steps) {
      for (let count = BATCH; count > 0 && !this.isStopping;) {
        count = await this.unitOfWork.run(async (tx) => {
          await this.layers.lockDataset(tx, id);
          const referenceIds = await step(tx);
          await this.references.releaseAll(tx, referenceIds);
          return referenceIds.length;
        });
      }
    }
    if (!this.isStopping) await this.unitOfWork.run((tx) => this.releases.removeDataset(tx, id));
  }
}
