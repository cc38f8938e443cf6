import { Inject, Injectable } from '@nestjs/common';
import {
  PERMISSIONS,
  type Permission,
  type Principal,
} from '../../core/contracts/principal.contract.js';
import { QUOTAS, type IQuotas, type Usage } from '../../core/contracts/quotas.contract.js';
import { UnauthenticatedError } from '../../core/errors/index.js';
import { GroupsRepository, type GroupView } from '../groups/groups.repository.js';
import { ApiKeysRepository, type ApiKeyView } from '../keys/api-keys.repository.js';
import { UsersRepository, type UserView } from '../users/users.repository.js';

export interface Me {
  user: UserView;
  groups: Pick<GroupView, 'id' | 'name'>[];
  key: ApiKeyView | null;
  expiresAt: Date | null;
  permissions: Permission[];
  usage: Usage;
}

/** What a caller may know of itself, with any credential. */
@Injectable()
export class MeService {
  constructor(
    @Inject(QUOTAS) private readonly quotas: IQuotas,
    private readonly users: UsersRepository,
    private readonly groups: GroupsRepository,
    private readonly keys: ApiKeysRepository,
  ) {}

  /** @throws UnauthenticatedError when the user has just been removed */
  async get(caller: Principal): Promise<Me> {
    const [user, groups, key, usage] = await Promise.all([
      this.users.find(caller.id, caller.id),
      this.groups.ofUser(caller.id),
      caller.keyId === null ? null : this.keys.find(caller.keyId, caller.id),
      this.quotas.usageOfUser(caller.id),
    ]);
    if (!user) throw new UnauthenticatedError();
    const permissions = PERMISSIONS.filter((permission) => caller.permissions.has(permission));
    return { user, groups, key, expiresAt: caller.expiresAt, permissions, usage };
  }
}
