import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { Repository } from 'typeorm';
import { managerOf, type Transaction } from '../../../core/database/index.js';
import { User } from '../../entities/user.entity.js';
import type { Claims } from './claims.js';

/** A user whom tokens stand for, beside what a token claims. */
export interface TokenUser {
  id: string;
  name: string;
  displayName: string;
  isAdmin: boolean;
  disabledAt: Date | null;
  claimedAt: Date | null;
  groupIds: string[];
  /** Those of them that a token has claimed. */
  claimedIds: string[];
  /** Groups of the names that this token claims. */
  namedIds: string[];
}

/** Users by the identity that an issuer has given them. */
@Injectable()
export class TokenUsersRepository {
  constructor(@InjectRepository(User) private readonly users: Repository<User>) {}

  /**
   * In a transaction, nobody else edits or removes the user until the commit. The key stays, so whoever has
   * locked a group and looks for the user (`MembersService`) does not wait for us, who go the other way.
   */
  async find({ issuer, subject, groups }: Claims, tx?: Transaction): Promise<TokenUser | null> {
    const [row] = (await (tx ? managerOf(tx) : this.users).query(
      `SELECT u.id, u.name, u.display_name AS "displayName", u.is_admin AS "isAdmin",
              u.disabled_at AS "disabledAt", u.claimed_at AS "claimedAt",
              ARRAY(SELECT m.group_id FROM group_members m WHERE m.user_id = u.id) AS "groupIds",
              ARRAY(SELECT m.group_id FROM group_members m
                    WHERE m.user_id = u.id AND m.is_claimed) AS "claimedIds",
              ARRAY(SELECT g.id FROM groups g WHERE g.name = ANY($3::text[])) AS "namedIds"
       FROM users u WHERE u.issuer = $1 AND u.subject = $2 ${tx ? 'FOR NO KEY UPDATE OF u' : ''}`,
      [issuer, subject, groups ?? []],
    )) as TokenUser[];
    return row ?? null;
  }

  /** Whether the name was free. */
  async insert(tx: Transaction, name: string, claims: Claims): Promise<boolean> {
    const rows = (await managerOf(tx).query(
      `INSERT INTO users (name, display_name, is_admin, issuer, subject, claimed_at)
       VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (name) DO NOTHING RETURNING id`,
      [
        name,
        claims.displayName,
        claims.isAdmin ?? false,
        claims.issuer,
        claims.subject,
        claims.issuedAt,
      ],
    )) as unknown[];
    return rows.length > 0;
  }

  async update(
    tx: Transaction,
    id: string,
    given: { displayName: string; isAdmin: boolean; claimedAt: Date | null },
  ): Promise<void> {
    await managerOf(tx).query(
      'UPDATE users SET display_name = $2, is_admin = $3, claimed_at = $4 WHERE id = $1',
      [id, given.displayName, given.isAdmin, given.claimedAt],
    );
  }

  /** Locks the groups before it adds a row, as whoever changes members does; one that is gone is left out. */
  async join(tx: Transaction, userId: string, groupIds: readonly string[]): Promise<void> {
    await managerOf(tx).query(
      `INSERT INTO group_members (group_id, user_id, is_claimed)
       SELECT g.id, $1, true FROM groups g WHERE g.id = ANY($2::uuid[])
       ORDER BY g.id FOR KEY SHARE OF g ON CONFLICT DO NOTHING`,
      [userId, groupIds],
    );
  }

  async leave(tx: Transaction, userId: string, groupIds: readonly string[]): Promise<void> {
    await managerOf(tx).query(
      'DELETE FROM group_members WHERE user_id = $1 AND group_id = ANY($2::uuid[]) AND is_claimed',
      [userId, groupIds],
    );
  }
}
