import { Injectable } from '@nestjs/common';
import type { DatasetId } from '../../core/contracts/ids.js';
import type { Principal } from '../../core/contracts/principal.contract.js';
import { UnitOfWork, type Transaction } from '../../core/database/index.js';
import { ValidationFailedError } from '../../core/errors/index.js';
import { decodeCursor, encodeCursor, pageOf, type Page } from '../../core/http/cursor.js';
import { DatasetChanges, datasetTarget } from '../dataset-changes.service.js';
import { DefaultBranchError, RefNotFoundError, TagImmutableError } from '../datasets.errors.js';
import { DatasetsService } from '../datasets.service.js';
import type { RefKind } from '../entities/dataset-ref.entity.js';
import { VersionReader } from '../versions/version-reader.service.js';
import { MAIN, REF_NAME } from './ref-names.js';
import { RefsRepository, type Ref } from './refs.repository.js';

export type { Ref } from './refs.repository.js';

/** Throws when the caller does not expect what is there; `null`: there is no such ref. */
export type Expectation = (current: Ref | null) => void;

const isName = (key: unknown): key is string => typeof key === 'string' && REF_NAME.test(key);

/** Branches and tags. Each change is made under the lock that commits take, so none is lost. */
@Injectable()
export class RefsService {
  constructor(
    private readonly changes: DatasetChanges,
    private readonly datasets: DatasetsService,
    private readonly versions: VersionReader,
    private readonly refs: RefsRepository,
    private readonly unitOfWork: UnitOfWork,
  ) {}

  /** By name. @throws DatasetNotFoundError, CursorMismatchError */
  async list(
    caller: Principal,
    key: string,
    query: { cursor?: string; limit: number },
  ): Promise<Page<Ref>> {
    const { id } = await this.datasets.get(caller, key);
    const after = decodeCursor(query.cursor, 'refs', { id }, isName);
    const refs = await this.refs.list(id, after, query.limit + 1);
    return pageOf(refs, query.limit, ({ name }) => encodeCursor(name, 'refs', { id }));
  }

  /** @throws DatasetNotFoundError, RefNotFoundError */
  async get(caller: Principal, key: string, name: string): Promise<Ref> {
    const { id } = await this.datasets.get(caller, key);
    const ref = REF_NAME.test(name) ? await this.refs.find(id, name) : null;
    if (!ref) throw new RefNotFoundError(name);
    return ref;
  }

  /**
   * Makes a ref, or moves a branch to any version of the dataset that is not deleted.
   * @throws DatasetNotFoundError, ForbiddenError, VersionNotFoundError, VersionDeletedError,
   *   TagImmutableError, ValidationFailedError, and what `expect` throws: nothing was changed
   */
  async put(
    caller: Principal,
    key: string,
    name: string,
    wanted: { version: string; kind?: RefKind },
    expect: Expectation,
  ): Promise<{ ref: Ref; isNew: boolean }> {
    if (!REF_NAME.test(name)) throw ValidationFailedError.of('name', NAME_RULE);
    const { id } = await this.datasets.get(caller, key);
    return await this.unitOfWork.run(async (tx) => {
      const dataset = await this.datasets.lock(tx, caller, id, 'writer');
      // Under the lock: a version that is found now is not deleted before the commit.
      const version = await this.versions.resolve(dataset, wanted.version, tx);
      const current = await this.refs.find(id, name, tx);
      const kind = wanted.kind ?? current?.kind ?? 'branch';
      const isThere = current?.kind === kind && current.versionId === version.id;
      expect(current);
      if (name === MAIN && kind !== 'branch') throw ValidationFailedError.of('/kind', MAIN_RULE);
      if (isThere) return { ref: current, isNew: false };
      if (current && (current.kind === 'tag' || kind === 'tag')) throw new TagImmutableError(name);
      await this.refs.put(tx, id, { name, kind, versionId: version.id });
      const ref = (await this.refs.find(id, name, tx)) as Ref;
      await this.record(tx, caller, id, { before: current, after: ref });
      return { ref, isNew: current === null };
    });
  }

  /**
   * Removes the name; the version that it had stays, by number and id.
   * @throws DatasetNotFoundError, ForbiddenError, RefNotFoundError, DefaultBranchError, and what
   *   `expect` throws
   */
  async remove(caller: Principal, key: string, name: string, expect: Expectation): Promise<void> {
    const { id } = await this.datasets.get(caller, key);
    await this.unitOfWork.run(async (tx) => {
      await this.datasets.lock(tx, caller, id, 'writer');
      const current = REF_NAME.test(name) ? await this.refs.find(id, name, tx) : null;
      if (!current) throw new RefNotFoundError(name);
      expect(current);
      if (name === MAIN) throw new DefaultBranchError();
      await this.refs.remove(tx, id, name);
      await this.record(tx, caller, id, { before: current, after: null });
    });
  }

  private async record(
    tx: Transaction,
    caller: Principal,
    datasetId: DatasetId,
    { before, after }: { before: Ref | null; after: Ref | null },
  ): Promise<void> {
    const { name, kind, versionId, versionNumber } = (after ?? before) as Ref;
    await this.changes.record(tx, caller, {
      action: after ? 'ref.put' : 'ref.delete',
      targets: [datasetTarget(datasetId), `version:${versionId}`],
      before: before && placeOf(before),
      after: after && placeOf(after),
      details: { name, kind, versionNumber },
    });
    this.changes.announce(tx, caller, 'dataset.updated', [datasetId]);
  }
}

const placeOf = ({ name, kind, versionId }: Ref): Record<string, unknown> => ({
  name,
  kind,
  versionId,
});

const NAME_RULE =
  'must be 1 to 100 of A-Z a-z 0-9 . _ -, begin with a letter or a digit, and be neither a number, nor an id, nor latest';
const MAIN_RULE = `must be branch: latest is the head of ${MAIN}`;
