import { Inject, Injectable } from '@nestjs/common';
import { AUDIT_LOG, type IAuditLog } from '../../core/contracts/audit-log.contract.js';
import type { Principal } from '../../core/contracts/principal.contract.js';
import { UnitOfWork, type Transaction } from '../../core/database/index.js';
import { decodeCursor, encodeCursor, pageOf, type Page } from '../../core/http/cursor.js';
import { KnownPrincipals } from '../authentication/known-principals.service.js';
import { isName } from '../names.js';
import { UsersService } from '../users/users.service.js';
import { GroupsService } from './groups.service.js';
import { MembersRepository, type MemberView } from './members.repository.js';

export type { MemberView } from './members.repository.js';

const LIST = 'group-members';

/**
 * Who is in a group. A change counts from the moment it is answered; in other processes from when
 * PostgreSQL has told them, and after 5 s at the latest.
 */
@Injectable()
export class MembersService {
  constructor(
    @Inject(AUDIT_LOG) private readonly audit: IAuditLog,
    private readonly groups: GroupsService,
    private readonly users: UsersService,
    private readonly members: MembersRepository,
    private readonly principals: KnownPrincipals,
    private readonly unitOfWork: UnitOfWork,
  ) {}

  /** By name, for admins and members. @throws GroupNotFoundError, CursorMismatchError */
  async list(
    caller: Principal,
    group: string,
    query: { cursor?: string; limit: number },
  ): Promise<Page<MemberView>> {
    const { id } = await this.groups.get(caller, group);
    const after = decodeCursor(query.cursor, LIST, { id }, isName);
    const members = await this.members.list(id, { after, limit: query.limit + 1 });
    return pageOf(members, query.limit, ({ name }) => encodeCursor(name, LIST, { id }));
  }

  /** @throws GroupNotFoundError, UserNotFoundError */
  async add(caller: Principal, group: string, user: string): Promise<void> {
    await this.change(caller, group, user, 'add');
  }

  /** Who is no member stays none. @throws GroupNotFoundError, UserNotFoundError */
  async remove(caller: Principal, group: string, user: string): Promise<void> {
    await this.change(caller, group, user, 'remove');
  }

  private async change(
    caller: Principal,
    groupKey: string,
    userKey: string,
    verb: 'add' | 'remove',
  ): Promise<void> {
    await this.unitOfWork.run(async (tx) => {
      const group = await this.groups.lock(tx, groupKey);
      const user = await this.users.get(caller, userKey, tx);
      const isChanged = await this.members[verb](tx, group.id, user.id);
      if (isChanged) await this.tell(tx, caller, { group, user, verb });
    });
  }

  private async tell(
    tx: Transaction,
    caller: Principal,
    change: {
      group: { id: string; name: string };
      user: { id: string; name: string };
      verb: 'add' | 'remove';
    },
  ): Promise<void> {
    const { group, user, verb } = change;
    const membership = { groupId: group.id, userId: user.id };
    await this.principals.userChanged(tx, user.id);
    await this.audit.record(tx, caller, {
      action: `group-member.${verb}`,
      targets: [`group:${group.id}`, `user:${user.id}`],
      before: verb === 'add' ? null : membership,
      after: verb === 'add' ? membership : null,
      details: { group: group.name, user: user.name },
    });
  }
}
