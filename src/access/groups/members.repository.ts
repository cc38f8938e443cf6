import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { Repository } from 'typeorm';
import { managerOf, type Transaction } from '../../core/database/index.js';
import { GroupMember } from '../entities/group-member.entity.js';

/** A user as a member of a group. */
export interface MemberView {
  /** The user's. */
  id: string;
  name: string;
  displayName: string;
  addedAt: Date;
}

/** Who is in which group. */
@Injectable()
export class MembersRepository {
  constructor(@InjectRepository(GroupMember) private readonly members: Repository<GroupMember>) {}

  /** By name. */
  async list(
    groupId: string,
    page: { after: string | null; limit: number },
  ): Promise<MemberView[]> {
    return (await this.members.query(
      `SELECT u.id, u.name, u.display_name AS "displayName", m.created_at AS "addedAt"
       FROM group_members m JOIN users u ON u.id = m.user_id
       WHERE m.group_id = $1 AND ($2::text IS NULL OR u.name > $2) ORDER BY u.name LIMIT $3`,
      [groupId, page.after, page.limit],
    )) as MemberView[];
  }

  /**
   * Whether that changes anything. Where a claim of tokens has put the user in already, the
   * membership stays from now on whatever tokens claim.
   */
  async add(tx: Transaction, groupId: string, userId: string): Promise<boolean> {
    const rows = (await managerOf(tx).query(
      `INSERT INTO group_members AS m (group_id, user_id) VALUES ($1, $2)
       ON CONFLICT (group_id, user_id) DO UPDATE SET is_claimed = false WHERE m.is_claimed
       RETURNING 1`,
      [groupId, userId],
    )) as unknown[];
    return rows.length > 0;
  }

  /** Whether that changes anything. */
  async remove(tx: Transaction, groupId: string, userId: string): Promise<boolean> {
    const [, count] = (await managerOf(tx).query(
      'DELETE FROM group_members WHERE group_id = $1 AND user_id = $2',
      [groupId, userId],
    )) as [unknown, number];
    return count > 0;
  }
}
