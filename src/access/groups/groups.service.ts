import { Inject, Injectable } from '@nestjs/common';
import {
  AUDIT_LOG,
  type AuditedChange,
  type IAuditLog,
} from '../../core/contracts/audit-log.contract.js';
import type { Principal } from '../../core/contracts/principal.contract.js';
import { UnitOfWork, type Transaction } from '../../core/database/index.js';
import { GroupNotFoundError } from '../../core/errors/index.js';
import { decodeCursor, encodeCursor, pageOf, type Page } from '../../core/http/cursor.js';
import { KnownPrincipals } from '../authentication/known-principals.service.js';
import { expect, type IsExpected } from '../edit-etag.js';
import { isName } from '../names.js';
import { seenBy } from '../seen-by.js';
import { GroupsRepository, type GroupFields, type GroupView } from './groups.repository.js';

export type { GroupView } from './groups.repository.js';

const LIST = 'groups';

/** What can be edited, by which an ETag is made. */
export const editable = ({ name, description }: GroupView): GroupFields => ({ name, description });

/** Groups; whoever is no admin of the installation sees those that they are in. */
@Injectable()
export class GroupsService {
  constructor(
    @Inject(AUDIT_LOG) private readonly audit: IAuditLog,
    private readonly groups: GroupsRepository,
    private readonly principals: KnownPrincipals,
    private readonly unitOfWork: UnitOfWork,
  ) {}

  /**
   * @param record is called in the transaction, with the answer to be
   * @throws GroupNameTakenError
   */
  async create(
    caller: Principal,
    given: { name: string; description?: string },
    record: (tx: Transaction, group: GroupView) => Promise<void>,
  ): Promise<GroupView> {
    return await this.unitOfWork.run(async (tx) => {
      const { name, description = '' } = given;
      const group = await this.groups.insert(tx, { name, description });
      await this.audit.record(tx, caller, changeOf('group.create', null, group));
      await record(tx, group);
      return group;
    });
  }

  /** By name. @throws CursorMismatchError */
  async list(
    caller: Principal,
    query: { cursor?: string; limit: number },
  ): Promise<Page<GroupView>> {
    const memberId = seenBy(caller);
    const after = decodeCursor(query.cursor, LIST, { memberId }, isName);
    const groups = await this.groups.list(memberId, { after, limit: query.limit + 1 });
    return pageOf(groups, query.limit, ({ name }) => encodeCursor(name, LIST, { memberId }));
  }

  /** By id or name. @throws GroupNotFoundError */
  async get(caller: Principal, key: string): Promise<GroupView> {
    const group = await this.groups.find(key, seenBy(caller));
    if (!group) throw new GroupNotFoundError();
    return group;
  }

  /**
   * The group for an admin who is to change it or its members.
   * @throws GroupNotFoundError
   */
  async lock(tx: Transaction, key: string): Promise<GroupView> {
    const group = await this.groups.lock(tx, key);
    if (!group) throw new GroupNotFoundError();
    return group;
  }

  /**
   * Edits what is given.
   * @throws GroupNotFoundError, EtagMismatchError, GroupNameTakenError
   */
  async patch(
    caller: Principal,
    key: string,
    given: Partial<GroupFields>,
    isExpected: IsExpected,
  ): Promise<GroupView> {
    return await this.unitOfWork.run(async (tx) => {
      const group = await this.lock(tx, key);
      expect(isExpected, editable(group));
      const { name = group.name, description = group.description } = given;
      if (name === group.name && description === group.description) return group;
      const edited = { ...group, name, description };
      await this.groups.update(tx, group.id, edited);
      await this.audit.record(tx, caller, changeOf('group.update', group, edited));
      return edited;
    });
  }

  /** Removes a group, and with it what was granted to it. @throws GroupNotFoundError */
  async remove(caller: Principal, key: string): Promise<void> {
    const { id } = await this.get(caller, key);
    await this.unitOfWork.run(async (tx) => {
      // Before the group: whoever grants something to it has locked the dataset first.
      await this.groups.lockGranted(tx, id);
      const group = await this.lock(tx, key);
      await this.groups.remove(tx, group.id);
      await this.principals.everybodyChanged(tx);
      await this.audit.record(tx, caller, changeOf('group.delete', group, null));
    });
  }
}

function changeOf(
  action: AuditedChange['action'],
  before: GroupView | null,
  after: GroupView | null,
): AuditedChange {
  const { id, name } = (after ?? before) as GroupView;
  return {
    action,
    targets: [`group:${id}`],
    before: before && editable(before),
    after: after && editable(after),
    details: { name },
  };
}
