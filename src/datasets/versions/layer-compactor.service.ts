import { Injectable, Logger, type BeforeApplicationShutdown } from '@nestjs/common';
import { UnitOfWork } from '../../core/database/index.js';
import { LayersRepository, type LayerSize } from './layers.repository.js';
import { runToMerge } from './layer-runs.js';

/**
 * Merges the layers of a version where they have become many, as a log-structured merge tree does
 * (O'Neil et al., 1996): what a version shows stays the same, it is read from fewer layers. Layers are
 * immutable and shared; a merged one takes the place of the same run in every version that has it.
 */
@Injectable()
export class LayerCompactor implements BeforeApplicationShutdown {
  private readonly logger = new Logger(LayerCompactor.name);
  /** By dataset: the merges of one follow each other, since one helps the next. */
  private readonly running = new Map<string, Promise<void>>();
  private isStopping = false;

  constructor(
    private readonly layers: LayersRepository,
    private readonly unitOfWork: UnitOfWork,
  ) {}

  async beforeApplicationShutdown(): Promise<void> {
    this.isStopping = true;
    await Promise.all(this.running.values());
  }

  /** Sometime soon: nobody waits for it. */
  compactLater(version: { id: string; datasetId: string }): void {
    this.compact(version).catch((error: unknown) => {
      // The next commit on top of it tries again.
      this.logger.warn({ err: error }, 'The layers of a version were not merged.');
    });
  }

  /** Until no run is left to merge. */
  async compact(version: { id: string; datasetId: string }): Promise<void> {
    const { datasetId } = version;
    const before = this.running.get(datasetId) ?? Promise.resolve();
    const done = before.then(() => this.mergeRuns(version));
    const ended = done.catch(() => undefined);
    this.running.set(datasetId, ended);
    await done.finally(() => {
      if (this.running.get(datasetId) === ended) this.running.delete(datasetId);
    });
  }

  private async mergeRuns(version: { id: string; datasetId: string }): Promise<void> {
    while (!this.isStopping) {
      const run = runToMerge(await this.layers.sizesOf(version.id));
      if (!run) return;
      await this.merge(version.datasetId, run);
    }
  }

  private async merge(datasetId: string, run: Run): Promise<void> {
    const ids = run.layers.map(({ id }) => id);
    await this.unitOfWork.run(async (tx) => {
      const merged = await this.layers.merge(tx, datasetId, ids, run.isBase);
      // From here to the commit no version is added that would still have the run.
      await this.layers.lockDataset(tx, datasetId);
      await this.layers.replaceRun(tx, ids, run.isBase, merged);
      // The merged one too: it is in no list when another process has replaced the run before us.
      await this.layers.retire(tx, [...ids, merged]);
    });
  }
}

interface Run {
  layers: LayerSize[];
  isBase: boolean;
}
