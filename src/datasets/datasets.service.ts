import { Inject, Injectable } from '@nestjs/common';
import { v7 as uuidv7 } from 'uuid';
import { EVENT_BUS, type IEventBus } from '../core/contracts/event-bus.contract.js';
import type { Principal } from '../core/contracts/principal.contract.js';
import { UnitOfWork, type Transaction } from '../core/database/index.js';
import { EtagMismatchError, ForbiddenError } from '../core/errors/index.js';
import { decodeCursor, encodeCursor, pageOf, type Page } from '../core/http/cursor.js';
import { DatasetNotFoundError } from './datasets.errors.js';
import { DatasetsRepository, type DatasetFields, type DatasetView } from './datasets.repository.js';
import { isSlug, isUuid, notASlug, slugOf } from './slugs.js';
import { parseTags } from './tags.js';
import { CommitService } from './versions/commit.service.js';
import type { PutChange } from './versions/changes.js';

export type { DatasetView } from './datasets.repository.js';

/** What a caller says of a dataset; what is absent gets a default or stays as it is. */
export type GivenFields = Partial<DatasetFields> & { tags?: readonly string[] };

export interface NewDataset extends GivenFields {
  name: string;
  /** Files of the first version, which is made with the dataset. */
  files: readonly PutChange[];
}

const LIST = 'datasets';
const isId = (key: unknown): key is string => typeof key === 'string' && isUuid(key);

@Injectable()
export class DatasetsService {
  constructor(
    @Inject(EVENT_BUS) private readonly events: IEventBus,
    private readonly datasets: DatasetsRepository,
    private readonly commits: CommitService,
    private readonly unitOfWork: UnitOfWork,
  ) {}

  /**
   * Makes a dataset, and its first version when there are files: all or nothing.
   * @param record is called in the transaction, with the answer to be
   * @throws SlugTakenError, FileNotFoundError, ValidationFailedError
   */
  async create(
    caller: Principal,
    given: NewDataset,
    record: (tx: Transaction, dataset: DatasetView) => Promise<void>,
  ): Promise<DatasetView> {
    const id = uuidv7();
    const fields = await this.completed(id, given);
    const tags = parseTags(given.tags ?? []);
    const insert = async (tx: Transaction): Promise<void> => {
      await this.datasets.insert(tx, id, caller.id, fields);
      await this.datasets.replaceTags(tx, id, tags);
      tx.afterCommit(() =>
        this.events.publish('dataset.created', { datasetId: id, principalId: caller.id }),
      );
    };
    const finish = async (tx: Transaction): Promise<DatasetView> => {
      const dataset = (await this.datasets.find(caller, { id }, tx)) as DatasetView;
      await record(tx, dataset);
      return dataset;
    };
    if (given.files.length === 0) {
      return await this.unitOfWork.run(async (tx) => {
        await insert(tx);
        return await finish(tx);
      });
    }
    let made!: DatasetView;
    const first = { branch: 'main', message: 'First version', parent: null, changes: given.files };
    await this.commits.commit(
      caller,
      { datasetId: id, ...first },
      {
        before: insert,
        after: async (tx) => {
          made = await finish(tx);
        },
      },
    );
    return made;
  }

  /** @param key its id or its slug. @throws DatasetNotFoundError */
  async get(caller: Principal, key: string): Promise<DatasetView> {
    const by = isUuid(key) ? { id: key } : isSlug(key) ? { slug: key } : null;
    const dataset = by && (await this.datasets.find(caller, by));
    if (!dataset) throw new DatasetNotFoundError();
    return dataset;
  }

  /** Newest first. @throws CursorMismatchError */
  async list(
    caller: Principal,
    query: { cursor?: string; limit: number },
  ): Promise<Page<DatasetView>> {
    const before = decodeCursor(query.cursor, LIST, {}, isId);
    const datasets = await this.datasets.list(caller, { before, limit: query.limit + 1 });
    return pageOf(datasets, query.limit, ({ id }) => encodeCursor(id, LIST, {}));
  }

  /**
   * Edits what is given and leaves the rest.
   * @param isExpected whether the caller meant to edit this revision
   * @throws DatasetNotFoundError, ForbiddenError, EtagMismatchError, SlugTakenError
   */
  async patch(
    caller: Principal,
    key: string,
    given: GivenFields,
    isExpected: (revision: number) => boolean,
  ): Promise<DatasetView> {
    const { id } = await this.get(caller, key);
    if (given.slug !== undefined && !isSlug(given.slug)) throw notASlug();
    const tags = given.tags && parseTags(given.tags);
    return await this.unitOfWork.run(async (tx) => {
      const dataset = await this.lock(tx, caller, id, isExpected);
      const { slug, name, description, metadata, visibility } = { ...dataset, ...defined(given) };
      await this.datasets.update(tx, id, { slug, name, description, metadata, visibility });
      if (tags) await this.datasets.replaceTags(tx, id, tags);
      tx.afterCommit(() =>
        this.events.publish('dataset.updated', { datasetId: id, principalId: caller.id }),
      );
      return (await this.datasets.find(caller, { id }, tx)) as DatasetView;
    });
  }

  /**
   * The dataset for a caller who is to change it: nobody else does until the commit.
   * @param isExpected whether the caller meant to change this revision
   * @throws DatasetNotFoundError, ForbiddenError, EtagMismatchError
   */
  async lock(
    tx: Transaction,
    caller: Principal,
    id: string,
    isExpected: (revision: number) => boolean = () => true,
  ): Promise<DatasetView> {
    await this.datasets.lock(tx, id);
    const dataset = await this.datasets.find(caller, { id }, tx);
    if (!dataset) throw new DatasetNotFoundError();
    refuseStranger(caller, dataset);
    if (!isExpected(dataset.revision)) {
      throw new EtagMismatchError('The dataset was edited since it was read.');
    }
    return dataset;
  }

  private async completed(id: string, given: NewDataset): Promise<DatasetFields> {
    if (given.slug !== undefined && !isSlug(given.slug)) throw notASlug();
    return {
      slug: given.slug ?? (await this.freeSlug(id, given.name)),
      name: given.name,
      description: given.description ?? '',
      metadata: given.metadata ?? {},
      visibility: given.visibility ?? 'private',
    };
  }

  /** That of the name, with the random end of the id when another dataset has it. */
  private async freeSlug(id: string, name: string): Promise<string> {
    const slug = slugOf(name);
    return (await this.datasets.isSlugFree(slug)) ? slug : `${slug}-${id.slice(-12)}`;
  }
}

/** Only its owner and admins change a dataset. @throws ForbiddenError */
export function refuseStranger(caller: Principal, { ownerId }: DatasetView): void {
  if (!caller.isAdmin && ownerId !== caller.id) {
    throw new ForbiddenError('Only the owner of the dataset may change it.');
  }
}

const defined = (fields: GivenFields): GivenFields =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
