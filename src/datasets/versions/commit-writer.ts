import { Inject, Injectable } from '@nestjs/common';
import { v7 as uuidv7 } from 'uuid';
import {
  ARTIFACT_PRODUCER,
  type IArtifactProducer,
  type StagedArtifact,
} from '../../core/contracts/artifact-producer.contract.js';
import {
  FILE_REFERENCES,
  keptBy,
  type AcquiredReference,
  type IFileReferences,
  type ReferenceOwner,
} from '../../core/contracts/file-references.contract.js';
import type { MadeBy } from '../../core/contracts/dataset-service.contract.js';
import type { DatasetId, VersionId } from '../../core/contracts/ids.js';
import type { Principal } from '../../core/contracts/principal.contract.js';
import { RetryTransaction, type Transaction } from '../../core/database/index.js';
import {
  DatasetNotFoundError,
  ParentNotHeadError,
  PathConflictError,
  VersionNotFoundError,
} from '../datasets.errors.js';
import { MAIN } from '../refs/ref-names.js';
import { PATCH_USE, type DescribedChange, type DescribedFile } from './changes.js';
import { planCommit, type PlannedEntry } from './commit-plan.js';
import {
  ComponentsRepository,
  describedAgain,
  type ComponentView,
  type NewComponent,
} from './components.repository.js';
import { LayerCompactor } from './layer-compactor.service.js';
import { MAX_LAYERS } from './layer-runs.js';
import { LayersRepository, type NewEntry } from './layers.repository.js';
import { foldersOf } from './paths.js';
import { figuresOf } from './version-figures.js';
import { VersionsRepository, type Version } from './versions.repository.js';

export interface PreparedCommit {
  datasetId: DatasetId;
  branch: string;
  message: string;
  /**
   * The version that the branch must be at: its id or number; `null`: it must have none yet. Absent:
   * wherever it is.
   */
  parent?: string | number | null;
  changes: readonly DescribedChange[];
  /** The version of another branch that this one takes in. */
  mergedId: string | null;
  madeBy?: MadeBy;
  overlay: StagedArtifact;
}

/** Writes the rows of a commit: as many as it has changes, however large the dataset is. */
@Injectable()
export class CommitWriter {
  constructor(
    @Inject(ARTIFACT_PRODUCER) private readonly producer: IArtifactProducer,
    @Inject(FILE_REFERENCES) private readonly references: IFileReferences,
    private readonly versions: VersionsRepository,
    private readonly layers: LayersRepository,
    private readonly components: ComponentsRepository,
    private readonly compactor: LayerCompactor,
  ) {}

  /**
   * @throws DatasetNotFoundError, VersionNotFoundError, FileNotFoundError, ParentNotHeadError,
   *   PathAbsentError, PathExistsError, PathConflictError, QuotaExceededError, StaleChangeError
   */
  async write(tx: Transaction, caller: Principal, commit: PreparedCommit): Promise<Version> {
    const { datasetId } = commit;
    const versionNumber = await this.versions.takeNumber(tx, caller, datasetId);
    if (versionNumber === null) throw new DatasetNotFoundError();
    const head = await this.versions.headOf(datasetId, commit.branch, tx);
    if (head === null && commit.branch !== MAIN)
      throw new VersionNotFoundError(commit.branch, 'branch');
    refuseOtherParent(commit, head);
    const below = head ? await this.layers.layersOf(head.id, tx) : [];
    if (head && below.length >= MAX_LAYERS) {
      throw new RetryTransaction(() => this.compactor.compact(head));
    }
    const current = await this.layers.lookup(below, touchedBy(commit.changes), tx);
    refuseStale(commit.changes, current);
    const plan = planCommit(commit.changes, current);
    await this.refuseFoldersAsFiles(tx, below, plan, current);
    const id = uuidv7() as VersionId;
    const moved = await this.components.findAll(movedOf(plan), tx);
    const entries = await this.insertEntries(tx, caller, { ...commit, id }, plan, moved);
    const own = await this.layers.insertLayer(tx, datasetId, entries);
    const version = await this.versions.insert(tx, {
      id,
      datasetId,
      versionNumber,
      parentId: head?.id ?? null,
      mergedId: commit.mergedId,
      ...(commit.madeBy ?? BY_HAND),
      message: commit.message,
      ...(await this.publishOverlay(tx, commit)),
      ownLayerId: own,
      ...(await this.figures(tx, head, plan, current, entries)),
      createdBy: caller.id,
    });
    await this.layers.setLayers(tx, id, [own, ...below]);
    await this.versions.moveBranch(tx, datasetId, commit.branch, id);
    return version;
  }

  /** A path that gets a file must not be a folder of files that stay. */
  private async refuseFoldersAsFiles(
    tx: Transaction,
    below: readonly string[],
    plan: ReadonlyMap<string, PlannedEntry>,
    current: ReadonlyMap<string, string>,
  ): Promise<void> {
    const added = [...plan].filter(([path, entry]) => entry !== null && !current.has(path));
    const leaving = [...plan.values()].filter((entry) => entry === null).length;
    const found = await this.layers.filesBelow(
      below,
      added.map(([path]) => path),
      leaving + 1,
      tx,
    );
    const staying = found.find(({ path }) => plan.get(path) !== null);
    if (staying) throw new PathConflictError(staying.folder, staying.path);
  }

  /** Each file of the plan becomes a component with a reference of its own, a moved one too. */
  private async insertEntries(
    tx: Transaction,
    caller: Principal,
    version: { id: string; datasetId: string; overlay: StagedArtifact },
    plan: ReadonlyMap<string, PlannedEntry>,
    moved: ReadonlyMap<string, ComponentView>,
  ): Promise<NewEntry[]> {
    const fileOf = (entry: NonNullable<PlannedEntry>): DescribedFile =>
      'put' in entry ? entry.put : describedAgain(moved.get(entry.moved) as ComponentView);
    const files = new Map<string, DescribedFile>();
    for (const [path, entry] of plan) if (entry !== null) files.set(path, fileOf(entry));
    const all = [...files.values()];
    const contents = all.flatMap((file) => [file, ...patchesOf(file)]);
    const owner = keptBy(version.datasetId);
    await this.references.admit(tx, caller, owner, contents, [version.overlay]);
    const acquired = (await this.acquire(tx, caller, owner, contents)).values();
    const next = (): AcquiredReference => acquired.next().value as AcquiredReference;
    const components = all.map((file) => componentOf(file, next(), patchesOf(file).map(next)));
    const ids = await this.components.insertAll(tx, version, components);
    const idOf = new Map([...files.keys()].map((path, n) => [path, ids[n] as string]));
    return [...plan.keys()].map((path) => ({ path, componentId: idOf.get(path) ?? null }));
  }

  /**
   * A reference for each file, in the order given; bytes that came with the request become a file
   * now.
   */
  private async acquire(
    tx: Transaction,
    caller: Principal,
    owner: ReferenceOwner,
    files: readonly Pick<DescribedFile, 'source' | 'use'>[],
  ): Promise<AcquiredReference[]> {
    const sent = files.flatMap(({ source }) => ('staged' in source ? source.staged : []));
    if (sent.length > 0) await this.producer.publish(tx, sent, owner);
    const attempts = sent.map(({ attemptId }) => attemptId);
    const ofSent = sent.length > 0 ? await this.references.ofAttempts(tx, attempts) : [];
    const uses = files.flatMap(({ source, use }) =>
      'fileId' in source ? { ...use, fileId: source.fileId } : [],
    );
    const ofStored = await this.references.acquireAll(tx, caller, owner, uses);
    const [sentOnes, storedOnes] = [ofSent.values(), ofStored.values()];
    return files.map(
      ({ source }) =>
        ('staged' in source ? sentOnes : storedOnes).next().value as AcquiredReference,
    );
  }

  private async publishOverlay(tx: Transaction, { datasetId, overlay }: PreparedCommit) {
    await this.producer.publish(tx, [overlay], keptBy(datasetId));
    const [made] = await this.references.ofAttempts(tx, [overlay.attemptId]);
    const { fileId, referenceId } = made as AcquiredReference;
    return { overlayFileId: fileId, overlayReferenceId: referenceId };
  }

  private async figures(
    tx: Transaction,
    parent: Version | null,
    plan: ReadonlyMap<string, PlannedEntry>,
    current: ReadonlyMap<string, string>,
    entries: readonly NewEntry[],
  ) {
    const removed = [...plan.keys()].flatMap((path) => current.get(path) ?? []);
    const added = entries.flatMap(({ componentId }) => componentId ?? []);
    const views = await this.components.findAll([...new Set([...removed, ...added])], tx);
    const viewsOf = (ids: readonly string[]) => ids.map((id) => views.get(id) as ComponentView);
    return figuresOf(parent, viewsOf(added), viewsOf(removed));
  }
}

const BY_HAND = { jobId: null, sourceVersionId: null };

/** What lies over a file's rows, as files. */
const patchesOf = ({ patches }: DescribedFile) =>
  (patches?.chain ?? []).map((patch) => ({ ...patch, use: PATCH_USE }));

const componentOf = (
  { use, index, patches }: DescribedFile,
  reference: AcquiredReference,
  ofPatches: readonly AcquiredReference[],
): NewComponent => ({
  ...reference,
  use,
  index,
  patches: patches
    ? {
        key: patches.key,
        chain: patches.chain.map(({ inserts, updates, deletes }, n) => {
          const { fileId, contentHash, size } = ofPatches[n] as AcquiredReference;
          return { fileId, contentHash, size, inserts, updates, deletes };
        }),
      }
    : null,
  patchReferenceIds: ofPatches.map(({ referenceId }) => referenceId),
});

/**
 * What was made of a file as another version had it can't be committed on this one.
 * @throws StaleChangeError
 */
function refuseStale(
  changes: readonly DescribedChange[],
  current: ReadonlyMap<string, string>,
): void {
  const isStale = changes.some(
    (change) =>
      change.op === 'put' &&
      change.madeOf !== undefined &&
      current.get(change.path) !== change.madeOf,
  );
  if (isStale) throw new StaleChangeError();
}

/** The branch has moved on since the changes were described: they are to be described anew. */
export class StaleChangeError extends Error {}

const movedOf = (plan: ReadonlyMap<string, PlannedEntry>): string[] =>
  [...plan.values()].flatMap((entry) => (entry && 'moved' in entry ? entry.moved : []));

/** @throws ParentNotHeadError */
export function refuseOtherParent(
  { parent, branch }: Pick<PreparedCommit, 'parent' | 'branch'>,
  head: Version | null,
): void {
  if (parent === undefined) return;
  const isHead =
    head === null || parent === null
      ? head === parent
      : [head.id, String(head.versionNumber)].includes(String(parent).toLowerCase());
  if (!isHead) throw new ParentNotHeadError(branch, head?.versionNumber ?? null);
}

/** Every path that the changes name, and every folder that one of them goes into. */
function touchedBy(changes: readonly DescribedChange[]): string[] {
  const paths = new Set<string>();
  for (const change of changes) {
    paths.add(change.path);
    for (const folder of foldersOf(change.path)) paths.add(folder);
    if (change.op === 'move') paths.add(change.from);
  }
  return [...paths];
}
