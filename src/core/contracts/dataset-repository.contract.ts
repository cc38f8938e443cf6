import type { Transaction } from '../database/unit-of-work.js';
import type { DatasetId, PrincipalId } from './ids.js';
import type { DatasetRole, Principal } from './principal.contract.js';

export const DATASET_REPOSITORY = Symbol('IDatasetRepository');

/** Who may read a dataset: those it is granted to, or everybody with a key. */
export type Visibility = 'private' | 'public';

/** What people say of a dataset. */
export interface DatasetFields {
  /** Unique among datasets that are not deleted. */
  slug: string;
  name: string;
  description: string;
  metadata: Record<string, unknown>;
  visibility: Visibility;
}

/** A dataset as a caller who may read it sees it. */
export interface DatasetView extends DatasetFields {
  id: DatasetId;
  /** Normalised, in the order of their bytes. */
  tags: string[];
  ownerId: PrincipalId;
  /** What the caller may do with it: the highest of the roles that the caller has. */
  role: DatasetRole;
  /** Counts edits; commits are none. */
  revision: number;
  createdAt: Date;
  /** Of the last edit or commit. */
  updatedAt: Date;
  /** Changes when one of its versions is deleted. */
  deletedVersions: number;
  /** Of the head of `main`; `null` before the first commit. */
  latestVersion: number | null;
}

/** Only datasets with these tags. */
export interface TagFilter {
  tags: readonly string[];
  /** With every one of them, or with at least one. */
  tagMode: 'all' | 'any';
}

/** The next datasets of a list, newest first. */
export interface DatasetPage {
  before: DatasetId | null;
  limit: number;
}

/**
 * Where datasets are kept. Whatever is read is what the caller may read: a dataset of others, or a
 * deleted one, looks like one that does not exist. Each method is one statement, or one for each
 * kind of row; those with a transaction take effect with it.
 */
export interface IDatasetRepository {
  find(
    caller: Principal,
    key: { id: DatasetId } | { slug: string },
    tx?: Transaction,
  ): Promise<DatasetView | null>;
  /** Those of these that the caller may read, in any order. */
  findAll(
    caller: Principal,
    keys: { ids: readonly DatasetId[]; slugs: readonly string[] },
    tx?: Transaction,
  ): Promise<DatasetView[]>;
  list(caller: Principal, page: DatasetPage): Promise<DatasetView[]>;
  /** As `list`, at a cost that does not grow with the datasets that have only some of the tags. */
  listTagged(caller: Principal, filter: TagFilter, page: DatasetPage): Promise<DatasetView[]>;
  /**
   * @param otherwise the slug if that of the fields is taken; `null`: no other will do
   * @throws SlugTakenError
   */
  insert(
    tx: Transaction,
    id: DatasetId,
    ownerId: PrincipalId,
    fields: DatasetFields,
    otherwise: string | null,
  ): Promise<void>;
  /** Keeps others from changing them until the commit; locked in the order of their ids. */
  lock(tx: Transaction, ids: readonly DatasetId[]): Promise<void>;
  /** Counts an edit, too. @throws SlugTakenError */
  update(
    tx: Transaction,
    id: DatasetId,
    fields: DatasetFields & { ownerId: PrincipalId },
  ): Promise<void>;
  replaceTags(tx: Transaction, id: DatasetId, tags: readonly string[]): Promise<void>;
  /** Counts an edit of each. */
  bumpRevisions(tx: Transaction, ids: readonly DatasetId[]): Promise<void>;
}
