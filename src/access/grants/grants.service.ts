import { Inject, Injectable } from '@nestjs/common';
import { validate as isUuid } from 'uuid';
import { AUDIT_LOG, type IAuditLog } from '../../core/contracts/audit-log.contract.js';
import {
  DATASET_SERVICE,
  type IDatasetService,
} from '../../core/contracts/dataset-service.contract.js';
import { DIRECTORY, type IDirectory } from '../../core/contracts/directory.contract.js';
import type { DatasetRole, Principal } from '../../core/contracts/principal.contract.js';
import { UnitOfWork, type Transaction } from '../../core/database/index.js';
import {
  GroupNotFoundError,
  UserNotFoundError,
  ValidationFailedError,
} from '../../core/errors/index.js';
import { decodeCursor, encodeCursor, pageOf, type Page } from '../../core/http/cursor.js';
import { GrantNotFoundError } from './grants.errors.js';
import { GrantsRepository, type Grant } from './grants.repository.js';

/** To whom, by id or name: one of the two. */
export interface Grantee {
  userId?: string;
  groupId?: string;
}

const LIST = 'grants';
const isId = (key: unknown): key is string => typeof key === 'string' && isUuid(key);

/** Roles on datasets. All of it is for admins of the dataset: others don't learn who has which. */
@Injectable()
export class GrantsService {
  constructor(
    @Inject(DATASET_SERVICE) private readonly datasets: IDatasetService,
    @Inject(AUDIT_LOG) private readonly log: IAuditLog,
    @Inject(DIRECTORY) private readonly directory: IDirectory,
    private readonly grants: GrantsRepository,
    private readonly unitOfWork: UnitOfWork,
  ) {}

  /** @throws DatasetNotFoundError, ForbiddenError, CursorMismatchError */
  async list(
    caller: Principal,
    key: string,
    query: { cursor?: string; limit: number },
  ): Promise<Page<Grant>> {
    const { id: datasetId } = await this.datasets.getAs(caller, key, 'admin');
    const after = decodeCursor(query.cursor, LIST, { datasetId }, isId);
    const grants = await this.grants.list(datasetId, after, query.limit + 1);
    return pageOf(grants, query.limit, ({ id }) => encodeCursor(id, LIST, { datasetId }));
  }

  /**
   * Gives a user or a group a role, in place of the one that they were given before. It counts from the
   * commit on, also for requests that run.
   * @throws DatasetNotFoundError, ForbiddenError, UserNotFoundError, GroupNotFoundError,
   *   ValidationFailedError
   */
  async put(
    caller: Principal,
    key: string,
    given: Grantee,
    role: DatasetRole,
  ): Promise<{ grant: Grant; isNew: boolean }> {
    const { id: datasetId } = await this.datasets.getAs(caller, key, 'admin');
    const grantee = await this.find(given);
    return await this.unitOfWork.run(async (tx) => {
      await this.datasets.lock(tx, caller, datasetId, 'admin');
      if (!(await this.directory.keep(tx, grantee.kind, grantee.id))) {
        throw grantee.kind === 'user' ? new UserNotFoundError() : new GroupNotFoundError();
      }
      const before = await this.grants.findOf(tx, datasetId, grantee);
      if (before?.role === role) return { grant: before, isNew: false };
      await this.grants.put(tx, datasetId, grantee, { role, grantedBy: caller.id });
      const grant = (await this.grants.findOf(tx, datasetId, grantee)) as Grant;
      await this.record(tx, caller, datasetId, { before, after: grant });
      return { grant, isNew: before === null };
    });
  }

  /**
   * Takes a role away.
   * @throws DatasetNotFoundError, ForbiddenError, GrantNotFoundError
   */
  async remove(caller: Principal, key: string, id: string): Promise<void> {
    const { id: datasetId } = await this.datasets.getAs(caller, key, 'admin');
    await this.unitOfWork.run(async (tx) => {
      await this.datasets.lock(tx, caller, datasetId, 'admin');
      const grant = isId(id) ? await this.grants.find(tx, datasetId, id) : null;
      if (!grant) throw new GrantNotFoundError();
      await this.grants.remove(tx, grant.id);
      await this.record(tx, caller, datasetId, { before: grant, after: null });
    });
  }

  private async record(
    tx: Transaction,
    caller: Principal,
    datasetId: string,
    { before, after }: { before: Grant | null; after: Grant | null },
  ): Promise<void> {
    const { id, kind, granteeId, granteeName } = (after ?? before) as Grant;
    await this.log.record(tx, caller, {
      action: after ? 'grant.put' : 'grant.delete',
      targets: [`dataset:${datasetId}`, `${kind}:${granteeId}`, `grant:${id}`],
      before: before && { granteeId, role: before.role },
      after: after && { granteeId, role: after.role },
      details: { name: granteeName, before: before?.role ?? null, after: after?.role ?? null },
    });
  }

  private async find({
    userId,
    groupId,
  }: Grantee): Promise<{ kind: 'user' | 'group'; id: string }> {
    if (userId !== undefined && groupId === undefined) {
      return { kind: 'user', id: (await this.directory.user(userId)).id };
    }
    if (groupId !== undefined && userId === undefined) {
      return { kind: 'group', id: (await this.directory.group(groupId)).id };
    }
    throw ValidationFailedError.of('', 'needs one of userId and groupId, and not both');
  }
}
