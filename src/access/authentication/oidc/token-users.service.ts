import { Inject, Injectable } from '@nestjs/common';
import { AUDIT_LOG, type IAuditLog } from '../../../core/contracts/audit-log.contract.js';
import { UnitOfWork, type Transaction } from '../../../core/database/index.js';
import { UsersRepository } from '../../users/users.repository.js';
import { KnownPrincipals } from '../known-principals.service.js';
import type { Claims } from './claims.js';
import { TokenUsersRepository, type TokenUser } from './token-users.repository.js';

/** What a token changes of its user. */
interface Changes {
  displayName: string;
  isAdmin: boolean;
  joined: string[];
  left: string[];
}

/** After so many others of the same name, the subject itself has to tell them apart. */
const MAX_NAMESAKES = 100;

/**
 * The users that tokens stand for: made at first sight, by issuer and subject, and kept as the newest
 * token says. A name, once given, stays: people write it in requests.
 */
@Injectable()
export class TokenUsers {
  constructor(
    @Inject(AUDIT_LOG) private readonly audit: IAuditLog,
    private readonly tokenUsers: TokenUsersRepository,
    private readonly users: UsersRepository,
    private readonly principals: KnownPrincipals,
    private readonly unitOfWork: UnitOfWork,
  ) {}

  /** The user as this token has it; a disabled one stays as it is. */
  async of(claims: Claims): Promise<TokenUser> {
    const known = await this.tokenUsers.find(claims);
    if (known && !changesOf(known, claims)) return known;
    return await this.unitOfWork.run(async (tx) => {
      // Also makes two first sights of one user wait for each other.
      await this.users.lockAll(tx);
      const user = (await this.tokenUsers.find(claims, tx)) ?? (await this.make(tx, claims));
      const changes = changesOf(user, claims);
      if (!changes) return user;
      await this.apply(tx, user, claims, changes);
      return (await this.tokenUsers.find(claims, tx)) as TokenUser;
    });
  }

  private async make(tx: Transaction, claims: Claims): Promise<TokenUser> {
    const name = await this.insertNamed(tx, claims);
    const user = (await this.tokenUsers.find(claims, tx)) as TokenUser;
    const { displayName, isAdmin } = user;
    await this.audit.record(tx, null, {
      action: 'user.create',
      targets: [`user:${user.id}`],
      before: null,
      after: { name, displayName, isAdmin, disabled: false, quotaBytes: null },
      details: { name, issuer: claims.issuer },
    });
    return user;
  }

  /** A name that somebody has is never taken over: what is granted by it was meant for that one. */
  private async insertNamed(tx: Transaction, claims: Claims): Promise<string> {
    for (let number = 1; number <= MAX_NAMESAKES; number += 1) {
      const name = number === 1 ? claims.name : `${claims.name}-${number}`;
      if (await this.tokenUsers.insert(tx, name, claims)) return name;
    }
    throw new Error(`More than ${MAX_NAMESAKES} users are called ${claims.name}.`);
  }

  private async apply(
    tx: Transaction,
    user: TokenUser,
    claims: Claims,
    changes: Changes,
  ): Promise<void> {
    const { displayName, joined, left } = changes;
    const isLast =
      user.isAdmin && !changes.isAdmin && !(await this.users.isOtherAdmin(tx, user.id));
    const isAdmin = changes.isAdmin || isLast;
    const isSame = displayName === user.displayName && joined.length + left.length === 0;
    // The last admin stays one, with each of its tokens anew: nothing to write down.
    if (isSame && isAdmin === user.isAdmin) return;
    await this.tokenUsers.update(tx, user.id, { displayName, isAdmin, claimedAt: claims.issuedAt });
    if (joined.length > 0) await this.tokenUsers.join(tx, user.id, joined);
    if (left.length > 0) await this.tokenUsers.leave(tx, user.id, left);
    await this.principals.userChanged(tx, user.id);
    await this.audit.record(tx, null, {
      action: 'user.update',
      targets: [`user:${user.id}`, ...[...joined, ...left].map((id) => `group:${id}` as const)],
      before: { displayName: user.displayName, isAdmin: user.isAdmin, groupIds: user.groupIds },
      after: { displayName, isAdmin, groupIds: afterwards(user, changes) },
      details: { name: user.name, issuer: claims.issuer, joined, left },
    });
  }
}

/** `null` when there are none, or when a newer token has already said how it is. */
function changesOf(user: TokenUser, claims: Claims): Changes | null {
  if (user.disabledAt) return null;
  if (user.claimedAt && claims.issuedAt && claims.issuedAt < user.claimedAt) return null;
  const follows = claims.groups !== null;
  const joined = follows ? user.namedIds.filter((id) => !user.groupIds.includes(id)) : [];
  const left = follows ? user.claimedIds.filter((id) => !user.namedIds.includes(id)) : [];
  const { displayName } = claims;
  const isAdmin = claims.isAdmin ?? user.isAdmin;
  const isSame = displayName === user.displayName && isAdmin === user.isAdmin;
  return isSame && joined.length + left.length === 0
    ? null
    : { displayName, isAdmin, joined, left };
}

const afterwards = ({ groupIds }: TokenUser, { joined, left }: Changes): string[] =>
  [...groupIds.filter((id) => !left.includes(id)), ...joined].sort();
