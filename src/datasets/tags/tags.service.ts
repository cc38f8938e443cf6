import { Injectable } from '@nestjs/common';
import type { DatasetView } from '../../core/contracts/dataset-repository.contract.js';
import type { IsExpected } from '../../core/contracts/dataset-service.contract.js';
import type { DatasetId } from '../../core/contracts/ids.js';
import type { Principal } from '../../core/contracts/principal.contract.js';
import { UnitOfWork, type Transaction } from '../../core/database/index.js';
import { ValidationFailedError } from '../../core/errors/index.js';
import { decodeCursor, encodeCursor, pageOf, type Page } from '../../core/http/cursor.js';
import { DatasetChanges, datasetTarget } from '../dataset-changes.service.js';
import { DatasetNotFoundError, TagNotFoundError, TagTooCommonError } from '../datasets.errors.js';
import { DatasetsRepository } from '../datasets.repository.js';
import { DatasetsService } from '../datasets.service.js';
import { foldTagPrefix, MAX_TAGS, parseTag, parseTags } from './parse-tag.js';
import { TagsRepository, type TagCount } from './tags.repository.js';

export interface TagsQuery {
  prefix: string;
  sort: 'name' | 'count';
  cursor?: string;
  limit: number;
}

export interface TagChange {
  add: readonly string[];
  remove: readonly string[];
}

export interface Renaming {
  tag: string;
  /** Datasets that were changed. */
  datasets: number;
  /** Those of them that had both. */
  merged: number;
}

interface Changed {
  /** Those that did not have all of it before. */
  changed: string[];
  datasets: DatasetView[];
}

const LIST = 'tags';
/** Datasets that a renaming changes, and keeps locked, in its one transaction. */
const MAX_RENAMED = 10_000;
/** Sorts after every tag that begins like what stands before it. */
const BEYOND = '\u{10ffff}';
/** No tag has a control character: what ends so is the least that follows a tag. */
const NEXT = '\u0001';

const isName = (key: unknown): key is string =>
  typeof key === 'string' && key.isWellFormed() && !key.includes('\u0000');
type CountKey = Pick<TagCount, 'tag' | 'count'>;
const isCountKey = (key: unknown): key is CountKey =>
  typeof key === 'object' &&
  key !== null &&
  isName((key as CountKey).tag) &&
  Number.isSafeInteger((key as CountKey).count);
const whatever: IsExpected = () => true;

/** Tags of datasets. To change them is an edit of the dataset, as any other. */
@Injectable()
export class TagsService {
  constructor(
    private readonly changes: DatasetChanges,
    private readonly datasets: DatasetsService,
    private readonly views: DatasetsRepository,
    private readonly tags: TagsRepository,
    private readonly unitOfWork: UnitOfWork,
  ) {}

  /** Tags of the datasets that the caller may read. @throws CursorMismatchError */
  async list(
    caller: Principal,
    { sort, limit, cursor, ...query }: TagsQuery,
  ): Promise<Page<TagCount>> {
    const prefix = foldTagPrefix(query.prefix);
    const scope = { prefix, sort };
    const range = { from: prefix, before: prefix + BEYOND };
    if (sort === 'count') {
      const after = decodeCursor(cursor, LIST, scope, isCountKey);
      const tags = await this.tags.listByCount(caller, range, after, limit + 1);
      return pageOf(tags, limit, ({ tag, count }) => encodeCursor({ tag, count }, LIST, scope));
    }
    const after = decodeCursor(cursor, LIST, scope, isName);
    if (after !== null) range.from = after + NEXT;
    const isNarrow = await this.views.readsFew(caller);
    const names = await this.tags.listNames(caller, range, limit + 1, isNarrow);
    const page = pageOf(names, limit, (last) => encodeCursor(last, LIST, scope));
    return { ...page, items: await this.tags.count(caller, page.items) };
  }

  /** Tags of one dataset, by name. @throws DatasetNotFoundError */
  async of(caller: Principal, key: string): Promise<TagCount[]> {
    const dataset = await this.datasets.get(caller, key);
    return await this.tags.count(caller, dataset.tags);
  }

  /**
   * Gives a dataset a tag, if it does not have it already.
   * @throws DatasetNotFoundError, ForbiddenError, EtagMismatchError, ValidationFailedError
   */
  async add(
    caller: Principal,
    key: string,
    tag: string,
    isExpected: IsExpected,
  ): Promise<{ isNew: boolean; dataset: DatasetView }> {
    const change = { add: [parseTag(tag, 'tag')], remove: [] };
    const { changed, datasets } = await this.changeOne(caller, key, change, isExpected);
    return { isNew: changed.length > 0, dataset: datasets[0] as DatasetView };
  }

  /**
   * Takes a tag from a dataset.
   * @throws DatasetNotFoundError, ForbiddenError, EtagMismatchError, TagNotFoundError
   */
  async remove(
    caller: Principal,
    key: string,
    tag: string,
    isExpected: IsExpected,
  ): Promise<DatasetView> {
    const change = { add: [], remove: [parseTag(tag, 'tag')] };
    const { changed, datasets } = await this.changeOne(caller, key, change, isExpected);
    if (changed.length === 0) throw new TagNotFoundError('The dataset does not have this tag.');
    return datasets[0] as DatasetView;
  }

  /**
   * Changes the tags of many datasets: all or nothing, in as many queries as for one.
   * @param keys their ids or slugs
   * @param record is called in the transaction, with the answer to be: the datasets in the order asked
   * @throws DatasetNotFoundError, ForbiddenError, ValidationFailedError
   */
  async changeAll(
    caller: Principal,
    keys: readonly string[],
    given: TagChange,
    record: (tx: Transaction, datasets: DatasetView[]) => Promise<void>,
  ): Promise<DatasetView[]> {
    const change = parseChange(given);
    const ids = (await this.datasets.getAll(caller, keys)).map((dataset, index) => {
      if (!dataset) throw new DatasetNotFoundError(keys[index]);
      return dataset.id;
    });
    return await this.unitOfWork.run(async (tx) => {
      const { datasets } = await this.change(tx, caller, [...new Set(ids)], change, whatever);
      const byId = new Map(datasets.map((dataset) => [dataset.id, dataset]));
      const answer = ids.map((id) => byId.get(id) as DatasetView);
      await record(tx, answer);
      return answer;
    });
  }

  /**
   * Renames a tag on every dataset that the caller may change; where the new one is already, the two
   * become one. All or nothing, of at most 10,000 datasets.
   * @throws TagNotFoundError, TagTooCommonError, ValidationFailedError
   */
  async rename(caller: Principal, tag: string, name: string): Promise<Renaming> {
    const from = parseTag(tag, 'tag');
    const to = parseTag(name, '/name');
    return await this.unitOfWork.run(async (tx) => {
      const ids = await this.tags.lockEditableWith(tx, caller, from, MAX_RENAMED + 1);
      if (ids.length > MAX_RENAMED) throw new TagTooCommonError(MAX_RENAMED);
      if (from === to && ids.length > 0) return { tag: to, datasets: 0, merged: 0 };
      const { renamed, merged } = await this.tags.rename(tx, ids, { from, to });
      if (renamed.length === 0) {
        throw new TagNotFoundError('No dataset that this key may change has this tag.');
      }
      await this.datasets.markEdited(tx, caller, renamed);
      await this.changes.record(tx, caller, {
        action: 'tag.rename',
        targets: renamed.map(datasetTarget),
        before: { tag: from, datasets: renamed },
        after: { tag: to, datasets: renamed },
        details: { from, to, datasets: renamed.length, merged },
      });
      return { tag: to, datasets: renamed.length, merged };
    });
  }

  private async changeOne(
    caller: Principal,
    key: string,
    change: TagChange,
    isExpected: IsExpected,
  ): Promise<Changed> {
    const { id } = await this.datasets.get(caller, key);
    return await this.unitOfWork.run((tx) => this.change(tx, caller, [id], change, isExpected));
  }

  private async change(
    tx: Transaction,
    caller: Principal,
    ids: readonly DatasetId[],
    change: TagChange,
    isExpected: IsExpected,
  ): Promise<Changed> {
    const before = await this.datasets.lockAll(tx, caller, ids, {
      role: 'writer',
      isExpected,
    });
    for (const dataset of before) refuseTooMany(dataset, change);
    const changed = await this.tags.change(tx, ids, change);
    if (changed.length === 0) return { changed, datasets: before };
    await this.datasets.markEdited(tx, caller, changed);
    const after = await this.views.findAll(caller, { ids, slugs: [] }, tx);
    await this.changes.record(tx, caller, {
      action: 'dataset.tag',
      targets: changed.map(datasetTarget),
      before: tagsOf(before),
      after: tagsOf(after),
      details: toldOf(change),
    });
    return { changed, datasets: after };
  }
}

const tagsOf = (datasets: readonly DatasetView[]): Record<string, string[]> =>
  Object.fromEntries(datasets.map(({ id, tags }) => [id, tags]));

/** More tags than these are told by their number. */
const MAX_TOLD = 10;

const toldOf = ({ add, remove }: TagChange): Record<string, unknown> =>
  add.length + remove.length <= MAX_TOLD
    ? { add, remove }
    : { added: add.length, removed: remove.length };

/** @throws ValidationFailedError */
function parseChange(given: TagChange): TagChange {
  const add = parseTags(given.add, '/add');
  const remove = parseTags(given.remove, '/remove');
  if (add.length + remove.length === 0) {
    throw ValidationFailedError.of('', 'must add or remove at least one tag');
  }
  const both = add.find((tag) => remove.includes(tag));
  if (both !== undefined) {
    throw ValidationFailedError.of('/remove', `must not hold ${both}, which is added`);
  }
  return { add, remove };
}

function refuseTooMany({ slug, tags }: DatasetView, { add, remove }: TagChange): void {
  const after = new Set([...tags, ...add].filter((tag) => !remove.includes(tag)));
  if (after.size > MAX_TAGS) {
    throw ValidationFailedError.of('/tags', `of ${slug} must be at most ${MAX_TAGS}`);
  }
}
