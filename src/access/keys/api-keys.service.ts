import { Inject, Injectable } from '@nestjs/common';
import { v7 as uuidv7, validate as isUuid } from 'uuid';
import { AUDIT_LOG, type IAuditLog } from '../../core/contracts/audit-log.contract.js';
import type { Principal } from '../../core/contracts/principal.contract.js';
import { UnitOfWork, type Transaction } from '../../core/database/index.js';
import { UnauthenticatedError, UserNotFoundError } from '../../core/errors/index.js';
import { decodeCursor, encodeCursor, pageOf, type Page } from '../../core/http/cursor.js';
import { ApiKeyEndedError, ApiKeyNotFoundError, BootstrapKeyError } from '../access.errors.js';
import { KnownPrincipals } from '../authentication/known-principals.service.js';
import { UsersRepository } from '../users/users.repository.js';
import { seenBy } from '../seen-by.js';
import { generateApiKey, hashApiKey, hintOf } from './api-key.js';
import { ApiKeysRepository, type ApiKeyView } from './api-keys.repository.js';
import { reachOfNew, reachOfSuccessor, UNLIMITED, type KeyReach } from './key-reach.js';

export type { ApiKeyView } from './api-keys.repository.js';

/** A key that was just made, with what its user is shown once. */
export interface NewApiKey extends ApiKeyView {
  key: string;
}

/** Is called in the transaction, with the key to be. */
export type RecordKey = (tx: Transaction, key: ApiKeyView) => Promise<void>;

const LIST = 'api-keys';
const isId = (key: unknown): key is string => typeof key === 'string' && isUuid(key);

/** Keys of the caller; those of others too for an admin of the installation. */
@Injectable()
export class ApiKeysService {
  constructor(
    @Inject(AUDIT_LOG) private readonly audit: IAuditLog,
    private readonly keys: ApiKeysRepository,
    private readonly users: UsersRepository,
    private readonly principals: KnownPrincipals,
    private readonly unitOfWork: UnitOfWork,
  ) {}

  /**
   * Makes a key, for another user where an admin asks for it. Only its hash is kept.
   * @throws UserNotFoundError, KeyExceedsCallerError, UnauthenticatedError when the calling key has
   *   ended meanwhile
   */
  async create(
    caller: Principal,
    given: Partial<KeyReach> & { name: string; userId?: string },
    record: RecordKey,
  ): Promise<NewApiKey> {
    return await this.unitOfWork.run(async (tx) => {
      const userId = await this.userOf(await this.asOf(tx, caller), given.userId, tx);
      const reach = reachOfNew(given, await this.reachOf(tx, caller), caller.permissions);
      const made = await this.insert(tx, { userId, name: given.name, ...reach });
      await this.audit.record(tx, caller, {
        action: 'api-key.create',
        targets: targetsOf(made),
        before: null,
        after: snapshotOf(made),
        details: { name: made.name },
      });
      await record(tx, made);
      return made;
    });
  }

  /**
   * Newest first.
   * @param query of whom: the caller, a user, or everybody that the caller may see the keys of
   * @throws UserNotFoundError, CursorMismatchError
   */
  async list(
    caller: Principal,
    query: { userId?: string; all: boolean; cursor?: string; limit: number },
  ): Promise<Page<ApiKeyView>> {
    const isOfAll = query.all && query.userId === undefined && caller.isAdmin;
    const userId = isOfAll ? null : await this.userOf(caller, query.userId);
    const before = decodeCursor(query.cursor, LIST, { userId }, isId);
    const keys = await this.keys.list(userId, { before, limit: query.limit + 1 });
    return pageOf(keys, query.limit, ({ id }) => encodeCursor(id, LIST, { userId }));
  }

  /** @throws ApiKeyNotFoundError */
  async get(caller: Principal, id: string): Promise<ApiKeyView> {
    const key = isUuid(id) ? await this.keys.find(id, seenBy(caller)) : null;
    if (!key) throw new ApiKeyNotFoundError();
    return key;
  }

  /**
   * Ends a key from the moment this returns; in other processes from when PostgreSQL has told them, and
   * after 5 s at the latest. One that is revoked already stays so.
   * @throws ApiKeyNotFoundError, BootstrapKeyError
   */
  async revoke(caller: Principal, id: string): Promise<void> {
    await this.unitOfWork.run(async (tx) => {
      const key = await this.lock(tx, caller, id);
      if (key.revokedAt) return;
      await this.keys.revoke(tx, id);
      await this.principals.userChanged(tx, key.userId);
      await this.audit.record(tx, caller, {
        action: 'api-key.revoke',
        targets: targetsOf(key),
        before: snapshotOf(key),
        after: { ...snapshotOf(key), isRevoked: true },
        details: { name: key.name },
      });
    });
  }

  /**
   * Makes a key with the name and the scopes of another, which ends after the overlap.
   * @param given seconds that both are good; 0: the old one ends at once
   * @throws ApiKeyNotFoundError, BootstrapKeyError, ApiKeyEndedError, KeyExceedsCallerError,
   *   UnauthenticatedError when the calling key has ended meanwhile
   */
  async rotate(
    caller: Principal,
    id: string,
    given: { overlapSeconds: number; expiresAt?: Date | null },
    record: RecordKey,
  ): Promise<NewApiKey> {
    return await this.unitOfWork.run(async (tx) => {
      const old = await this.lock(tx, await this.asOf(tx, caller), id);
      if (old.revokedAt || (old.expiresAt && old.expiresAt.getTime() <= Date.now())) {
        throw new ApiKeyEndedError();
      }
      const reach = reachOfSuccessor(old, given, await this.reachOf(tx, caller));
      const made = await this.insert(tx, { userId: old.userId, name: old.name, ...reach });
      if (given.overlapSeconds === 0) await this.keys.revoke(tx, id);
      else await this.keys.endIn(tx, id, given.overlapSeconds);
      await this.principals.userChanged(tx, old.userId);
      await this.audit.record(tx, caller, {
        action: 'api-key.rotate',
        targets: [`api-key:${made.id}`, ...targetsOf(old)],
        before: snapshotOf(old),
        after: snapshotOf(made),
        details: { name: old.name, overlapSeconds: given.overlapSeconds },
      });
      await record(tx, made);
      return made;
    });
  }

  /** Whose keys are asked for. Those of others are an admin's affair: nobody else learns that they exist. */
  private async userOf(
    caller: Principal,
    key: string | undefined,
    tx?: Transaction,
  ): Promise<string> {
    if (key === undefined) return caller.id;
    const user = await this.users.find(key, caller.isAdmin ? null : caller.id, tx);
    if (!user) throw new UserNotFoundError();
    return user.id;
  }

  /** The caller as of this transaction: who was an admin a moment ago makes no key for others. */
  private async asOf(tx: Transaction, caller: Principal): Promise<Principal> {
    if (!caller.isAdmin) return caller;
    return { ...caller, isAdmin: await this.users.isAdmin(tx, caller.id) };
  }

  /** A key that was revoked a moment ago leaves no other behind. */
  private async reachOf(tx: Transaction, { keyId }: Principal): Promise<KeyReach> {
    if (keyId === null) return UNLIMITED;
    const own = await this.keys.hold(tx, keyId);
    if (!own) throw new UnauthenticatedError();
    return own;
  }

  private async insert(
    tx: Transaction,
    given: KeyReach & { userId: string; name: string },
  ): Promise<NewApiKey> {
    const key = generateApiKey();
    const row = { id: uuidv7(), keyHash: hashApiKey(key), hint: hintOf(key), ...given };
    return { ...(await this.keys.insert(tx, row)), key };
  }

  private async lock(tx: Transaction, caller: Principal, id: string): Promise<ApiKeyView> {
    const key = isUuid(id) ? await this.keys.lock(tx, id, seenBy(caller)) : null;
    if (!key) throw new ApiKeyNotFoundError();
    if (key.isBootstrap) throw new BootstrapKeyError(SET_ANOTHER);
    return key;
  }
}

const SET_ANOTHER =
  'The first admin key is replaced by STRATUM_BOOTSTRAP_KEY at the next start. To close that way in, disable its user.';

const targetsOf = ({ id, userId }: ApiKeyView): [`api-key:${string}`, `user:${string}`] => [
  `api-key:${id}`,
  `user:${userId}`,
];

/** What the audit log keeps a digest of. */
const snapshotOf = ({ name, userId, scopes, expiresAt, revokedAt }: ApiKeyView) => ({
  name,
  userId,
  scopes,
  expiresAt: expiresAt?.toISOString() ?? null,
  isRevoked: revokedAt !== null,
});
