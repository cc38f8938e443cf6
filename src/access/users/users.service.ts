import { Inject, Injectable } from '@nestjs/common';
import { AUDIT_LOG, type IAuditLog } from '../../core/contracts/audit-log.contract.js';
import { PERMISSIONS, type Principal } from '../../core/contracts/principal.contract.js';
import { UnitOfWork, type Transaction } from '../../core/database/index.js';
import { ForbiddenError, UserNotFoundError } from '../../core/errors/index.js';
import { decodeCursor, encodeCursor, pageOf, type Page } from '../../core/http/cursor.js';
import { BootstrapKeyError, LastAdminError, UserInUseError } from '../access.errors.js';
import { KnownPrincipals } from '../authentication/known-principals.service.js';
import { expect, type IsExpected } from '../edit-etag.js';
import { isName } from '../names.js';
import { seenBy } from '../seen-by.js';
import { Ownership } from './ownership.js';
import { UsersRepository, type UserFields, type UserView } from './users.repository.js';

export type { UserView } from './users.repository.js';

/** What a request says of a user; what is absent gets a default or stays as it is. */
export type GivenUser = Partial<Omit<UserFields, 'disabledAt'>> & { disabled?: boolean };

const LIST = 'users';

/** What can be edited, by which an ETag is made. */
export const editable = (user: UserView) => ({
  name: user.name,
  displayName: user.displayName,
  isAdmin: user.isAdmin,
  disabled: user.disabledAt !== null,
  quotaBytes: user.quotaBytes,
});

/** Users; whoever is no admin of the installation sees themselves alone. */
@Injectable()
export class UsersService {
  constructor(
    @Inject(AUDIT_LOG) private readonly audit: IAuditLog,
    private readonly users: UsersRepository,
    private readonly ownership: Ownership,
    private readonly principals: KnownPrincipals,
    private readonly unitOfWork: UnitOfWork,
  ) {}

  /**
   * @param record is called in the transaction, with the answer to be
   * @throws UserNameTakenError, ForbiddenError
   */
  async create(
    caller: Principal,
    given: GivenUser & { name: string },
    record: (tx: Transaction, user: UserView) => Promise<void>,
  ): Promise<UserView> {
    return await this.unitOfWork.run(async (tx) => {
      if (given.isAdmin) await this.requireAll(tx, caller);
      const user = await this.users.insert(tx, {
        name: given.name,
        displayName: given.displayName ?? '',
        isAdmin: given.isAdmin ?? false,
        disabledAt: given.disabled ? new Date() : null,
        quotaBytes: given.quotaBytes ?? null,
      });
      await this.record(tx, caller, 'user.create', null, user);
      await record(tx, user);
      return user;
    });
  }

  /** By name. @throws CursorMismatchError */
  async list(
    caller: Principal,
    query: { cursor?: string; limit: number },
  ): Promise<Page<UserView>> {
    const only = seenBy(caller);
    const after = decodeCursor(query.cursor, LIST, { only }, isName);
    const users = await this.users.list(only, { after, limit: query.limit + 1 });
    return pageOf(users, query.limit, ({ name }) => encodeCursor(name, LIST, { only }));
  }

  /** By id or name. @throws UserNotFoundError */
  async get(caller: Principal, key: string, tx?: Transaction): Promise<UserView> {
    const user = await this.users.find(key, seenBy(caller), tx);
    if (!user) throw new UserNotFoundError();
    return user;
  }

  /**
   * Edits what is given. Who is disabled is kept out from the moment this returns; in other processes
   * from when PostgreSQL has told them, and after 5 s at the latest.
   * @throws UserNotFoundError, EtagMismatchError, UserNameTakenError, LastAdminError,
   *   BootstrapKeyError, ForbiddenError
   */
  async patch(
    caller: Principal,
    key: string,
    given: GivenUser,
    isExpected: IsExpected,
  ): Promise<UserView> {
    return await this.unitOfWork.run(async (tx) => {
      await this.users.lockAll(tx);
      const user = await this.get(caller, key, tx);
      expect(isExpected, editable(user));
      const fields = merged(user, given);
      const edited = { ...user, ...fields };
      if (JSON.stringify(editable(edited)) === JSON.stringify(editable(user))) return user;
      if (fields.isAdmin !== user.isAdmin) await this.requireAll(tx, caller);
      const isDemoted = user.isAdmin && !fields.isAdmin;
      if (isDemoted || (user.isAdmin && fields.disabledAt)) {
        await this.refuseLast(tx, user, isDemoted);
      }
      await this.users.update(tx, user.id, fields);
      await this.principals.userChanged(tx, user.id);
      await this.record(tx, caller, 'user.update', user, edited);
      return edited;
    });
  }

  /**
   * Removes a user with keys, memberships and grants; one who owns something stays.
   * @throws UserNotFoundError, UserInUseError, LastAdminError, BootstrapKeyError
   */
  async remove(caller: Principal, key: string): Promise<void> {
    await this.unitOfWork.run(async (tx) => {
      await this.users.lockAll(tx);
      const user = await this.get(caller, key, tx);
      await this.refuseLast(tx, user, true);
      await this.users.lockToRemove(tx, user.id);
      const owned = await this.ownership.of(tx, user.id);
      if (owned.length > 0) throw new UserInUseError(owned);
      await this.users.remove(tx, user.id);
      await this.principals.userChanged(tx, user.id);
      await this.record(tx, caller, 'user.delete', user, null);
    });
  }

  /**
   * That somebody is left who can make others an admin. The user of the operator's key stays what it
   * is, and may be disabled: another key, set by the operator, lets it in again.
   */
  private async refuseLast(tx: Transaction, user: UserView, isForGood: boolean): Promise<void> {
    if (isForGood && (await this.users.hasBootstrapKey(tx, user.id))) {
      throw new BootstrapKeyError('This user has the first admin key, and stays an admin.');
    }
    if (!user.isAdmin || user.disabledAt) return;
    if (!(await this.users.isOtherAdmin(tx, user.id))) throw new LastAdminError();
  }

  /** A credential makes nobody who may do more than itself (as `KeyReach` has it for keys). */
  private async requireAll(tx: Transaction, caller: Principal): Promise<void> {
    const isFull = PERMISSIONS.every((permission) => caller.permissions.has(permission));
    if (isFull && (await this.users.isAdmin(tx, caller.id))) return;
    throw new ForbiddenError('Only a credential of an admin without scopes says who is an admin.');
  }

  private async record(
    tx: Transaction,
    caller: Principal,
    action: 'user.create' | 'user.update' | 'user.delete',
    before: UserView | null,
    after: UserView | null,
  ): Promise<void> {
    const { id, name } = (after ?? before) as UserView;
    await this.audit.record(tx, caller, {
      action,
      targets: [`user:${id}`],
      before: before && editable(before),
      after: after && editable(after),
      details: { name },
    });
  }
}

function merged(user: UserView, given: GivenUser): UserFields {
  const { disabled = user.disabledAt !== null } = given;
  return {
    name: given.name ?? user.name,
    displayName: given.displayName ?? user.displayName,
    isAdmin: given.isAdmin ?? user.isAdmin,
    disabledAt: disabled ? (user.disabledAt ?? new Date()) : null,
    quotaBytes: given.quotaBytes === undefined ? user.quotaBytes : given.quotaBytes,
  };
}
