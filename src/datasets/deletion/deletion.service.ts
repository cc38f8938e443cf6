import { Injectable } from '@nestjs/common';
import type { DatasetView } from '../../core/contracts/dataset-repository.contract.js';
import type { Principal } from '../../core/contracts/principal.contract.js';
import { UnitOfWork } from '../../core/database/index.js';
import { ValidationFailedError } from '../../core/errors/index.js';
import {
  DatasetChanges,
  datasetTarget,
  saidOf,
  versionOf,
  versionTargets,
} from '../dataset-changes.service.js';
import { requireRole } from '../dataset-roles.js';
import { DatasetNotFoundError } from '../datasets.errors.js';
import { DatasetsService } from '../datasets.service.js';
import { isSlug, isDatasetId, notASlug } from '../slugs.js';
import { isPinned } from '../refs/ref-names.js';
import { VersionReader } from '../versions/version-reader.service.js';
import { DeletionRepository } from './deletion.repository.js';
import { Releaser } from './releaser.service.js';

/**
 * Deletes datasets and versions: hidden at once, in one transaction that does not grow with what is
 * hidden. Their files are given up in the background by the releaser: those of a version soon, those of
 * a dataset after the seven days in which it can be restored.
 */
@Injectable()
export class DeletionService {
  constructor(
    private readonly changes: DatasetChanges,
    private readonly datasets: DatasetsService,
    private readonly versions: VersionReader,
    private readonly deletions: DeletionRepository,
    private readonly releaser: Releaser,
    private readonly unitOfWork: UnitOfWork,
  ) {}

  /**
   * @param isExpected whether the caller meant to delete this revision
   * @throws DatasetNotFoundError, ForbiddenError, EtagMismatchError
   */
  async deleteDataset(
    caller: Principal,
    key: string,
    isExpected: (revision: number) => boolean,
  ): Promise<void> {
    const { id } = await this.datasets.get(caller, key);
    await this.unitOfWork.run(async (tx) => {
      const dataset = await this.datasets.lock(tx, caller, id, 'admin', isExpected);
      await this.deletions.hideDataset(tx, id);
      await this.changes.record(tx, caller, {
        action: 'dataset.delete',
        targets: [datasetTarget(id)],
        before: saidOf(dataset),
        after: null,
        details: { slug: dataset.slug },
      });
      this.changes.announce(tx, caller, 'dataset.deleted', [id]);
    });
  }

  /**
   * Takes back the deletion of a dataset; one that is there stays as it is.
   * @param key its id, or its slug: of several that had it the one that was deleted last
   * @param slug when another dataset has taken the old one by now
   * @throws DatasetNotFoundError, SlugTakenError, ValidationFailedError
   */
  async restoreDataset(caller: Principal, key: string, slug: string | null): Promise<DatasetView> {
    const by = isDatasetId(key) ? { id: key } : isSlug(key) ? { slug: key } : null;
    if (!by) throw new DatasetNotFoundError();
    if (slug !== null && !isSlug(slug)) throw notASlug();
    const restored = await this.unitOfWork.run(async (tx) => {
      const former = await this.deletions.lockRestorable(tx, caller, by);
      if (!former) return null;
      const shown = { id: former.id, slug: slug ?? former.slug };
      await this.deletions.showDataset(tx, shown.id, shown.slug);
      await this.changes.record(tx, caller, {
        action: 'dataset.restore',
        targets: [datasetTarget(former.id)],
        before: null,
        after: shown,
        details: { slug: shown.slug },
      });
      this.changes.announce(tx, caller, 'dataset.updated', [former.id]);
      return former.id;
    });
    const dataset = await this.datasets.get(caller, restored ?? key);
    if (restored === null) refuseNewSlug(dataset, slug);
    return dataset;
  }

  /**
   * Deletes one version; what later versions show of it stays theirs. A branch that was at it goes back
   * to the nearest version before it that is left, or ends where there is none; a tag stays, and says
   * that its version was deleted.
   * @param ref its number or id
   * @throws DatasetNotFoundError, ForbiddenError, VersionNotFoundError, VersionDeletedError,
   *   ValidationFailedError
   */
  async deleteVersion(caller: Principal, key: string, ref: string): Promise<void> {
    const { id } = await this.datasets.getAs(caller, key, 'admin');
    // What a branch names may be another version when the request is repeated.
    if (!isPinned(ref)) throw ValidationFailedError.of('ref', 'must be a number or an id');
    await this.unitOfWork.run(async (tx) => {
      const dataset = await this.datasets.lock(tx, caller, id, 'admin');
      const version = await this.versions.resolve(dataset, ref, tx);
      await this.deletions.hideVersion(tx, version);
      tx.afterCommit(() => this.releaser.releaseLater());
      await this.changes.record(tx, caller, {
        action: 'version.delete',
        targets: versionTargets(version),
        before: versionOf(version),
        after: null,
        details: { versionNumber: version.versionNumber },
      });
      this.changes.announce(tx, caller, 'dataset.updated', [id]);
    });
  }
}

/** One that is not deleted is not restored under another slug: that is an edit. */
function refuseNewSlug(dataset: DatasetView, slug: string | null): void {
  requireRole(dataset, 'admin');
  if (slug === null || slug === dataset.slug) return;
  throw ValidationFailedError.of('/slug', 'can be chosen for a deleted dataset only: use PATCH');
}
