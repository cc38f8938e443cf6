import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { Repository } from 'typeorm';
import { managerOf, orTaken, type Transaction } from '../../core/database/index.js';
import { lockGranted } from '../directory/directory.repository.js';
import { UserNameTakenError } from '../access.errors.js';
import { User } from '../entities/user.entity.js';
import { nameOrId } from '../names.js';

/** What can be said of a user. */
export interface UserFields {
  /** Unique. */
  name: string;
  displayName: string;
  isAdmin: boolean;
  disabledAt: Date | null;
  /** Bytes; `null`: what is configured for everybody. */
  quotaBytes: number | null;
}

export interface UserView extends UserFields {
  id: string;
  /** Whose tokens stand for the user; `null`: nobody's, only keys. */
  issuer: string | null;
  createdAt: Date;
}

/** Any number that nothing else locks: `users` in ASCII. */
const USERS_LOCK = 0x7573657273;

export const USER_COLUMNS = `u.id, u.name, u.display_name AS "displayName", u.is_admin AS "isAdmin",
  u.disabled_at AS "disabledAt", u.quota_bytes AS "quotaBytes", u.issuer, u.created_at AS "createdAt"`;

/** A 64-bit integer comes as text; no quota is beyond what a double holds exactly. */
type UserRow = Omit<UserView, 'quotaBytes'> & { quotaBytes: string | null };

const toView = (row: UserRow): UserView => ({
  ...row,
  quotaBytes: row.quotaBytes === null ? null : Number(row.quotaBytes),
});

/** Users. Who may see which is the service's affair: `only` is the one user that is looked among. */
@Injectable()
export class UsersRepository {
  constructor(@InjectRepository(User) private readonly users: Repository<User>) {}

  /** By id or name. In a transaction, the user is not removed before the commit. */
  async find(key: string, only: string | null, tx?: Transaction): Promise<UserView | null> {
    const by = nameOrId(key);
    if (!by) return null;
    const [column, value] = 'id' in by ? ['id', by.id] : ['name', by.name];
    const [row] = (await (tx ? managerOf(tx) : this.users).query(
      `SELECT ${USER_COLUMNS} FROM users u
       WHERE u.${column} = $1 AND ($2::uuid IS NULL OR u.id = $2) ${tx ? 'FOR KEY SHARE' : ''}`,
      [value, only],
    )) as UserRow[];
    return row ? toView(row) : null;
  }

  /** By name. */
  async list(
    only: string | null,
    page: { after: string | null; limit: number },
  ): Promise<UserView[]> {
    const rows = (await this.users.query(
      `SELECT ${USER_COLUMNS} FROM users u
       WHERE ($1::uuid IS NULL OR u.id = $1) AND ($2::text IS NULL OR u.name > $2)
       ORDER BY u.name LIMIT $3`,
      [only, page.after, page.limit],
    )) as UserRow[];
    return rows.map(toView);
  }

  /** Until the commit nobody else edits or removes a user, so what is counted before stays so. */
  async lockAll(tx: Transaction): Promise<void> {
    await managerOf(tx).query('SELECT pg_advisory_xact_lock($1)', [USERS_LOCK]);
  }

  /** Whether anybody but this user is an admin who is not disabled. Under `lockAll`. */
  async isOtherAdmin(tx: Transaction, id: string): Promise<boolean> {
    const rows = (await managerOf(tx).query(
      'SELECT 1 FROM users WHERE is_admin AND disabled_at IS NULL AND id <> $1 LIMIT 1',
      [id],
    )) as unknown[];
    return rows.length > 0;
  }

  /** Whether this user is an admin, who stays one until the commit. */
  async isAdmin(tx: Transaction, id: string): Promise<boolean> {
    const rows = (await managerOf(tx).query(
      'SELECT FROM users WHERE id = $1 AND is_admin AND disabled_at IS NULL FOR SHARE',
      [id],
    )) as unknown[];
    return rows.length > 0;
  }

  /** Whether the operator's key stands for this user. */
  async hasBootstrapKey(tx: Transaction, id: string): Promise<boolean> {
    const rows = (await managerOf(tx).query(
      'SELECT 1 FROM api_keys WHERE user_id = $1 AND is_bootstrap',
      [id],
    )) as unknown[];
    return rows.length > 0;
  }

  /** @throws UserNameTakenError */
  async insert(tx: Transaction, user: UserFields): Promise<UserView> {
    return await this.named(user.name, async () => {
      const [row] = (await managerOf(tx).query(
        `INSERT INTO users AS u (name, display_name, is_admin, disabled_at, quota_bytes)
         VALUES ($1, $2, $3, $4, $5) RETURNING ${USER_COLUMNS}`,
        [user.name, user.displayName, user.isAdmin, user.disabledAt, user.quotaBytes],
      )) as UserRow[];
      return toView(row as UserRow);
    });
  }

  /** @throws UserNameTakenError */
  async update(tx: Transaction, id: string, user: UserFields): Promise<void> {
    await this.named(user.name, () =>
      managerOf(tx).query(
        `UPDATE users SET name = $2, display_name = $3, is_admin = $4, disabled_at = $5,
           quota_bytes = $6 WHERE id = $1`,
        [id, user.name, user.displayName, user.isAdmin, user.disabledAt, user.quotaBytes],
      ),
    );
  }

  /** From now on nothing is added that is the user's: whoever wants to is told that there is none. */
  async lockToRemove(tx: Transaction, id: string): Promise<void> {
    await lockGranted(tx, 'user', id);
    await managerOf(tx).query('SELECT FROM users WHERE id = $1 FOR UPDATE', [id]);
  }

  /** With keys and memberships. */
  async remove(tx: Transaction, id: string): Promise<void> {
    await managerOf(tx).query('DELETE FROM users WHERE id = $1', [id]);
  }

  private async named<T>(name: string, work: () => Promise<T>): Promise<T> {
    return await orTaken('users_name_key', () => new UserNameTakenError(name), work);
  }
}
