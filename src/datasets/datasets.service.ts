import { Inject, Injectable } from '@nestjs/common';
import canonicalize from 'canonicalize';
import { v7 as uuidv7 } from 'uuid';
import {
  DATASET_REPOSITORY,
  type DatasetFields,
  type DatasetView,
  type IDatasetRepository,
  type TagFilter,
} from '../core/contracts/dataset-repository.contract.js';
import type {
  DatasetEdit,
  GivenFields,
  IDatasetService,
  IsExpected,
  NewDataset,
} from '../core/contracts/dataset-service.contract.js';
import { DIRECTORY, type IDirectory } from '../core/contracts/directory.contract.js';
import type { DatasetId, VersionId } from '../core/contracts/ids.js';
import type { DatasetRole, Principal } from '../core/contracts/principal.contract.js';
import { QUOTAS, type IQuotas } from '../core/contracts/quotas.contract.js';
import { UnitOfWork, type Transaction } from '../core/database/index.js';
import {
  EtagMismatchError,
  ForbiddenError,
  UnauthenticatedError,
  UserNotFoundError,
} from '../core/errors/index.js';
import { decodeCursor, encodeCursor, pageOf, type Page } from '../core/http/cursor.js';
import { DatasetChanges, datasetTarget, saidOf } from './dataset-changes.service.js';
import { DatasetNotFoundError } from './datasets.errors.js';
import { requireRole } from './dataset-roles.js';
import { MAIN } from './refs/ref-names.js';
import { isDatasetId, isSlug, isUuid, notASlug, slugOf } from './slugs.js';
import { parseTags } from './tags/parse-tag.js';
import { CommitService } from './versions/commit.service.js';
import type { Version } from './versions/versions.repository.js';

const LIST = 'datasets';
const isId = (key: unknown): key is DatasetId => typeof key === 'string' && isDatasetId(key);

@Injectable()
export class DatasetsService implements IDatasetService {
  constructor(
    @Inject(DATASET_REPOSITORY) private readonly datasets: IDatasetRepository,
    @Inject(DIRECTORY) private readonly directory: IDirectory,
    @Inject(QUOTAS) private readonly quotas: IQuotas,
    private readonly changes: DatasetChanges,
    private readonly commits: CommitService,
    private readonly unitOfWork: UnitOfWork,
  ) {}

  async create(
    caller: Principal,
    given: NewDataset,
    record: (tx: Transaction, dataset: DatasetView, versionId: VersionId | null) => Promise<void>,
  ): Promise<DatasetView> {
    if (given.visibility === 'public') refuseUnscoped(caller, { visibility: given.visibility });
    const id = uuidv7() as DatasetId;
    const fields = this.completed(given);
    // A name may come twice, also at the same moment; a slug that was asked for is that one or none.
    const otherwise = given.slug === undefined ? `${fields.slug}-${id.slice(-12)}` : null;
    const tags = parseTags(given.tags ?? []);
    const insert = async (tx: Transaction): Promise<void> => {
      if (!(await this.directory.keep(tx, 'user', caller.id))) throw new UnauthenticatedError();
      await this.datasets.insert(tx, id, caller.id, fields, otherwise);
      await this.datasets.replaceTags(tx, id, tags);
      this.changes.announce(tx, caller, 'dataset.created', [id]);
    };
    const finish = async (tx: Transaction, version?: Version): Promise<DatasetView> => {
      const dataset = (await this.datasets.find(caller, { id }, tx)) as DatasetView;
      await this.recordCreation(tx, caller, dataset, version);
      await record(tx, dataset, version?.id ?? null);
      return dataset;
    };
    if (given.files.length === 0) {
      return await this.unitOfWork.run(async (tx) => {
        await insert(tx);
        return await finish(tx);
      });
    }
    let made!: DatasetView;
    const { files: changes, madeBy } = given;
    const first = { branch: MAIN, message: 'First version', changes, madeBy };
    await this.commits.commit(
      caller,
      { datasetId: id, ...first },
      {
        audit: null,
        before: insert,
        after: async (tx, version) => {
          made = await finish(tx, version);
        },
      },
    );
    return made;
  }

  async get(caller: Principal, key: string): Promise<DatasetView> {
    const by = isDatasetId(key) ? { id: key } : isSlug(key) ? { slug: key } : null;
    const dataset = by && (await this.datasets.find(caller, by));
    if (!dataset) throw new DatasetNotFoundError();
    return dataset;
  }

  async getAs(caller: Principal, key: string, role: DatasetRole): Promise<DatasetView> {
    const dataset = await this.get(caller, key);
    requireRole(dataset, role);
    return dataset;
  }

  async getAll(caller: Principal, keys: readonly string[]): Promise<(DatasetView | null)[]> {
    const ids = keys.filter(isDatasetId).map((id) => id.toLowerCase() as DatasetId);
    const found = await this.datasets.findAll(caller, { ids, slugs: keys.filter(isSlug) });
    const byKey = new Map(found.flatMap((d) => [[d.id, d] as const, [d.slug, d] as const]));
    return keys.map((key) => byKey.get(isUuid(key) ? key.toLowerCase() : key) ?? null);
  }

  async list(
    caller: Principal,
    query: TagFilter & { cursor?: string; limit: number },
  ): Promise<Page<DatasetView>> {
    const filter = { tags: query.tags.toSorted(), tagMode: query.tagMode };
    const scope = filter.tags.length > 0 ? filter : {};
    const before = decodeCursor(query.cursor, LIST, scope, isId);
    const page = { before, limit: query.limit + 1 };
    const datasets =
      filter.tags.length > 0
        ? await this.datasets.listTagged(caller, filter, page)
        : await this.datasets.list(caller, page);
    return pageOf(datasets, query.limit, ({ id }) => encodeCursor(id, LIST, scope));
  }

  async patch(
    caller: Principal,
    key: string,
    given: DatasetEdit,
    isExpected: IsExpected,
  ): Promise<DatasetView> {
    const role = roleToEdit(given);
    refuseUnscoped(caller, given);
    const { id } = await this.getAs(caller, key, role);
    if (given.slug !== undefined && !isSlug(given.slug)) throw notASlug();
    const tags = given.tags && parseTags(given.tags);
    const owner =
      given.ownerId === undefined ? undefined : await this.directory.user(given.ownerId);
    return await this.unitOfWork.run(async (tx) => {
      const dataset = await this.lock(tx, caller, id, role, isExpected);
      const { slug, name, description, metadata, visibility } = { ...dataset, ...defined(given) };
      const ownerId = owner?.id ?? dataset.ownerId;
      const fields = { slug, name, description, metadata, visibility, ownerId };
      const asked = { ...dataset, ...fields, tags: tags ?? dataset.tags };
      if (!isOtherThan(dataset, asked)) return dataset;
      if (ownerId !== dataset.ownerId) {
        refuseUnasked(caller, ownerId);
        if (!(await this.directory.keep(tx, 'user', ownerId))) throw new UserNotFoundError();
        await this.quotas.admitDataset(tx, caller, id, ownerId);
      }
      await this.datasets.update(tx, id, fields);
      if (tags) await this.datasets.replaceTags(tx, id, tags);
      this.changes.announce(tx, caller, 'dataset.updated', [id]);
      // Who has given it away may not read it any more: told as it is, all the same.
      const edited = (await this.datasets.find(caller, { id }, tx)) ?? asked;
      await this.recordEdit(tx, caller, dataset, edited);
      return edited;
    });
  }

  async lock(
    tx: Transaction,
    caller: Principal,
    id: DatasetId,
    role: DatasetRole,
    isExpected: IsExpected = () => true,
  ): Promise<DatasetView> {
    const [dataset] = await this.lockAll(tx, caller, [id], { role, isExpected });
    return dataset as DatasetView;
  }

  /**
   * Locks datasets, on which the caller needs this role, until the commit and returns them as they are
   * then, in any order.
   * @throws DatasetNotFoundError, ForbiddenError, EtagMismatchError
   */
  async lockAll(
    tx: Transaction,
    caller: Principal,
    ids: readonly DatasetId[],
    { role, isExpected }: { role: DatasetRole; isExpected: IsExpected },
  ): Promise<DatasetView[]> {
    await this.datasets.lock(tx, ids);
    const datasets = await this.datasets.findAll(caller, { ids, slugs: [] }, tx);
    const found = new Set(datasets.map(({ id }) => id));
    const missing = ids.find((id) => !found.has(id));
    if (missing !== undefined) throw new DatasetNotFoundError(missing);
    for (const dataset of datasets) requireRole(dataset, role);
    if (!datasets.every(({ revision }) => isExpected(revision))) {
      throw new EtagMismatchError('The dataset was edited since it was read.');
    }
    return datasets;
  }

  /** Counts an edit of each of these locked datasets, and tells of it after the commit. */
  async markEdited(tx: Transaction, caller: Principal, ids: readonly DatasetId[]): Promise<void> {
    await this.datasets.bumpRevisions(tx, ids);
    this.changes.announce(tx, caller, 'dataset.updated', ids);
  }

  private async recordCreation(
    tx: Transaction,
    caller: Principal,
    dataset: DatasetView,
    version?: Version,
  ): Promise<void> {
    await this.changes.record(tx, caller, {
      action: 'dataset.create',
      targets: [datasetTarget(dataset.id), ...(version ? [`version:${version.id}` as const] : [])],
      before: null,
      after: saidOf(dataset),
      details: {
        slug: dataset.slug,
        visibility: dataset.visibility,
        files: version?.fileCount ?? 0,
        ...(version?.jobId && { jobId: version.jobId }),
      },
    });
  }

  /** Who sees it and whose it is are told as they are, of the rest only that it was edited. */
  private async recordEdit(
    tx: Transaction,
    caller: Principal,
    before: DatasetView,
    after: DatasetView,
  ): Promise<void> {
    const [old, said] = [saidOf(before), saidOf(after)];
    const isChanged = (field: string) => canonicalize(old[field]) !== canonicalize(said[field]);
    const { visibility, ownerId, slug } = after;
    const told = Object.entries({ visibility, ownerId, slug }).filter(([field]) =>
      isChanged(field),
    );
    await this.changes.record(tx, caller, {
      action: 'dataset.update',
      targets: [datasetTarget(before.id)],
      before: old,
      after: said,
      details: { changed: Object.keys(said).filter(isChanged), ...Object.fromEntries(told) },
    });
  }

  private completed(given: NewDataset): DatasetFields {
    if (given.slug !== undefined && !isSlug(given.slug)) throw notASlug();
    return {
      slug: given.slug ?? slugOf(given.name),
      name: given.name,
      description: given.description ?? '',
      metadata: given.metadata ?? {},
      visibility: given.visibility ?? 'private',
    };
  }
}

/** What others find it by, who sees it and whose it is are for its admins to say. */
const roleToEdit = ({ slug, visibility, ownerId }: DatasetEdit): DatasetRole =>
  [slug, visibility, ownerId].every((field) => field === undefined) ? 'writer' : 'admin';

/** To show a dataset to others, or to give it away, is to grant it. @throws ForbiddenError */
function refuseUnscoped(caller: Principal, { visibility, ownerId }: DatasetEdit): void {
  if (visibility === undefined && ownerId === undefined) return;
  if (!caller.permissions.has('grants:write')) {
    throw new ForbiddenError(
      'To make a dataset public, or to change its visibility or owner, a credential needs grants:write.',
    );
  }
}

/** Whether something is said of one that is not said of the other; the order of tags says nothing. */
const isOtherThan = (one: DatasetView, other: DatasetView): boolean =>
  canonicalize({ ...saidOf(one), tags: one.tags.toSorted() }) !==
  canonicalize({ ...saidOf(other), tags: other.tags.toSorted() });

/** What somebody owns fills their quota: it is theirs to take, with the role admin. @throws ForbiddenError */
function refuseUnasked(caller: Principal, ownerId: string): void {
  if (caller.isAdmin || caller.id === ownerId) return;
  throw new ForbiddenError(
    'Only admins of the installation give a dataset to somebody else; whoever is to own it takes it, as an admin of it.',
  );
}

const defined = (fields: GivenFields): GivenFields =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
