import { Inject, Injectable } from '@nestjs/common';
import {
  FILE_REFERENCES,
  type IFileReferences,
} from '../../core/contracts/file-references.contract.js';
import { UnitOfWork, type Transaction } from '../../core/database/index.js';
import { VersionTreeRepository } from '../compare/version-tree.repository.js';
import { ComponentsRepository } from '../versions/components.repository.js';
import { LayersRepository } from '../versions/layers.repository.js';
import { ReleasesRepository, type DeletedVersion } from './releases.repository.js';

/** Paths of one transaction. */
const BATCH = 500;

/** Gives up what a deleted version showed and no other version shows. */
@Injectable()
export class VersionReleaser {
  constructor(
    @Inject(FILE_REFERENCES) private readonly references: IFileReferences,
    private readonly releases: ReleasesRepository,
    private readonly components: ComponentsRepository,
    private readonly layers: LayersRepository,
    private readonly tree: VersionTreeRepository,
    private readonly unitOfWork: UnitOfWork,
  ) {}

  /** Batch after batch, each in a transaction of its own, until it is done or stopped. */
  async release(version: DeletedVersion, isStopping: () => boolean): Promise<void> {
    for (let after: string | null | undefined = null; after !== undefined && !isStopping();) {
      const from: string | null = after;
      after = await this.unitOfWork.run((tx) => this.releaseBatch(tx, version, from));
    }
  }

  /** @returns the last path that was looked at; `undefined` when the version is done */
  private async releaseBatch(
    tx: Transaction,
    version: DeletedVersion,
    after: string | null,
  ): Promise<string | undefined> {
    // No commit adds a version, and nobody deletes one, while we look at the neighbours.
    await this.layers.lockDataset(tx, version.datasetId);
    const neighbours = await this.releases.neighbours(tx, version.id);
    const layerIds = await this.layersToSearch(tx, version.id, neighbours[0]);
    const paths = await this.releases.pathsIn(tx, layerIds, { after, limit: BATCH });
    const released = await this.releases.releaseUnshown(tx, version.id, neighbours, paths);
    if (released.length > 0) {
      await this.components.countOff(
        tx,
        version.datasetId,
        released.flatMap(({ contents }) => contents),
      );
      await this.references.releaseAll(
        tx,
        released.flatMap(({ referenceIds }) => referenceIds),
      );
    }
    if (paths.length === BATCH) return paths.at(-1);
    await this.releases.markReleased(tx, version.id);
    await this.references.releaseAll(tx, [version.overlayReferenceId]);
    return undefined;
  }

  /** What the version shows otherwise than its neighbour, which keeps the rest; or all that it shows. */
  private async layersToSearch(
    tx: Transaction,
    versionId: string,
    neighbour: string | undefined,
  ): Promise<string[]> {
    if (neighbour === undefined) return await this.layers.layersOf(versionId, tx);
    const between = await this.tree.layersBetween(versionId, neighbour, tx);
    return between.map(({ id }) => id);
  }
}
