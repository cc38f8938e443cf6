import { setTimeout as delay } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import type { Principal } from '../../core/contracts/principal.contract.js';
import { UnitOfWork, type Transaction } from '../../core/database/index.js';
import { TransactionConflictError } from '../../core/errors/index.js';
import { CompareService, type NeededChange } from '../compare/compare.service.js';
import { VersionTreeRepository } from '../compare/version-tree.repository.js';
import {
  VersionNotFoundError,
  MergeConflictError,
  ParentNotHeadError,
} from '../datasets.errors.js';
import { MAIN } from '../refs/ref-names.js';
import type { DescribedChange } from '../versions/changes.js';
import { CommitService } from '../versions/commit.service.js';
import { refuseOtherParent } from '../versions/commit-writer.js';
import { describedAgain, digestOf, type ComponentView } from '../versions/components.repository.js';
import { VersionReader, type VersionedDataset } from '../versions/version-reader.service.js';
import type { Version } from '../versions/versions.repository.js';
import { planMerge, type MergePlan, type MergeStrategy } from './merge-plan.js';

/** A version that is made of what other versions show. */
export interface DerivedRequest {
  /** The branch that it becomes the head of. */
  branch: string;
  /** Default: says what was done. */
  message?: string;
  /** The version that the branch must be at. Absent: wherever it is. */
  parent?: string | number;
}

export interface MergeRequest extends DerivedRequest {
  /** What is merged into the branch: a version by any of its names. */
  source: string;
  strategy: MergeStrategy;
}

export interface Derived {
  version: Version;
  /** False: there was nothing to do, and this is the head as it was. */
  isNew: boolean;
}

/** Called in the transaction of the change; in one of its own when there was nothing to do. */
export type RecordDerived = (tx: Transaction, derived: Derived) => Promise<void>;

/** What a derived version is to do, seen from one head of its branch. `null`: nothing. */
interface Plan {
  message: string;
  changes: readonly NeededChange[];
  mergedId: string | null;
  action: 'version.restore' | 'version.merge';
}

/** With pauses that grow to a second, so that one of many gets its turn. */
const MAX_TRIES = 10;

/** Restores and merges: commits whose changes follow from versions that are there. */
@Injectable()
export class MergeService {
  constructor(
    private readonly commits: CommitService,
    private readonly versions: VersionReader,
    private readonly comparisons: CompareService,
    private readonly tree: VersionTreeRepository,
    private readonly unitOfWork: UnitOfWork,
  ) {}

  /**
   * Makes a version that shows what `ref` shows. Its changes are the differences from the head.
   * @throws VersionNotFoundError, VersionDeletedError, ParentNotHeadError: nothing was changed
   */
  async restore(
    caller: Principal,
    dataset: VersionedDataset,
    ref: string,
    request: DerivedRequest,
    record: RecordDerived,
  ): Promise<Derived> {
    const wanted = await this.versions.resolve(dataset, ref);
    return await this.derive(caller, wanted, request, record, async (head) => {
      const changes = await this.comparisons.changesFrom(head?.id ?? null, wanted.id);
      const message = `Restore version ${wanted.versionNumber}`;
      if (changes.length === 0 && head) return null;
      return { message, changes, mergedId: null, action: 'version.restore' };
    });
  }

  /**
   * Merges a version into a branch, file by file against their merge base.
   * @throws VersionNotFoundError, VersionDeletedError, ParentNotHeadError, MergeConflictError,
   *   PathConflictError (one side's file is the other's folder): nothing was changed
   */
  async merge(
    caller: Principal,
    dataset: VersionedDataset,
    request: MergeRequest,
    record: RecordDerived,
  ): Promise<Derived> {
    const { source, strategy, branch } = request;
    const theirs = await this.versions.resolve(dataset, source);
    return await this.derive(caller, theirs, request, record, async (ours) => {
      if (!ours) throw new VersionNotFoundError(branch, 'branch');
      const base = await this.tree.mergeBase(ours.id, theirs.id);
      if (base === theirs.id) return null;
      const { changes, conflicts } = planMerge(
        await this.comparisons.changesFrom(base, ours.id),
        await this.comparisons.changesFrom(base, theirs.id),
        strategy,
      );
      if (conflicts.length > 0) throw await this.conflictError(base, conflicts);
      // All that theirs has done since ours was to take ours in: nothing is new to ours.
      if (changes.length === 0 && base === ours.id) return null;
      const message = `Merge ${source} into ${branch}`;
      return { message, changes, mergedId: theirs.id, action: 'version.merge' };
    });
  }

  /**
   * Plans on the head and commits; when the branch has moved in between, plans anew.
   * @param source must not be deleted in the meantime
   */
  private async derive(
    caller: Principal,
    source: Version,
    { branch, message, parent }: DerivedRequest,
    record: RecordDerived,
    plan: (head: Version | null) => Promise<Plan | null>,
  ): Promise<Derived> {
    for (let tries = 1; ; tries += 1) {
      const head = await this.versions.headOf(source.datasetId, branch);
      if (!head && branch !== MAIN) throw new VersionNotFoundError(branch, 'branch');
      refuseOtherParent({ branch, parent }, head);
      const planned = await plan(head);
      if (!planned) return await this.nothingNew(head as Version, record);
      const commit = {
        datasetId: source.datasetId,
        branch,
        message: message ?? planned.message,
        parent: head?.id ?? null,
        changes: planned.changes.map(toChange),
        mergedId: planned.mergedId,
      };
      try {
        const version = await this.commits.make(caller, commit, {
          audit: { action: planned.action, details: { source: source.versionNumber } },
          before: (tx) => this.versions.keep(tx, source),
          after: (tx, made) => record(tx, { version: made, isNew: true }),
        });
        return { version, isNew: true };
      } catch (error) {
        if (!(error instanceof ParentNotHeadError) || parent !== undefined) throw error;
        if (tries === MAX_TRIES) throw new TransactionConflictError(error);
        await delay(Math.random() * Math.min(1000, 20 * 2 ** tries));
      }
    }
  }

  private async nothingNew(version: Version, record: RecordDerived): Promise<Derived> {
    const derived = { version, isNew: false };
    await this.unitOfWork.run((tx) => record(tx, derived));
    return derived;
  }

  private async conflictError(
    baseId: string | null,
    conflicts: MergePlan['conflicts'],
  ): Promise<MergeConflictError> {
    const paths = conflicts.map(({ path }) => path);
    const files =
      baseId === null
        ? new Map<string, ComponentView>()
        : await this.versions.filesAt(baseId, paths);
    return new MergeConflictError(
      conflicts.map((conflict) => {
        const file = files.get(conflict.path);
        return Object.assign({ base: file ? digestOf(file) : null }, conflict);
      }),
    );
  }
}

const toChange = ({ path, file }: NeededChange): DescribedChange =>
  file === null ? { op: 'delete', path } : { op: 'put', path, file: describedAgain(file) };
