import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { Repository } from 'typeorm';
import { managerOf, orTaken, type Transaction } from '../../core/database/index.js';
import { lockGranted } from '../directory/directory.repository.js';
import { GroupNameTakenError } from '../access.errors.js';
import { Group } from '../entities/group.entity.js';
import { nameOrId } from '../names.js';

/** What can be said of a group. */
export interface GroupFields {
  /** Unique. */
  name: string;
  description: string;
}

export interface GroupView extends GroupFields {
  id: string;
  createdAt: Date;
}

const COLUMNS = `g.id, g.name, g.description, g.created_at AS "createdAt"`;

/** Which groups are looked among: $1 is a user whose groups they are, `null` stands for all. */
const SEEN = `($1::uuid IS NULL OR EXISTS (
  SELECT 1 FROM group_members m WHERE m.group_id = g.id AND m.user_id = $1))`;

/** Groups. Who may see which is the service's affair: `memberId` is the user whose groups are seen. */
@Injectable()
export class GroupsRepository {
  constructor(@InjectRepository(Group) private readonly groups: Repository<Group>) {}

  /** By id or name. */
  async find(key: string, memberId: string | null): Promise<GroupView | null> {
    const by = nameOrId(key);
    if (!by) return null;
    const [column, value] = 'id' in by ? ['id', by.id] : ['name', by.name];
    const [row] = (await this.groups.query(
      `SELECT ${COLUMNS} FROM groups g WHERE ${SEEN} AND g.${column} = $2`,
      [memberId, value],
    )) as GroupView[];
    return row ?? null;
  }

  /** By id or name; nobody else edits or removes it until the commit. */
  async lock(tx: Transaction, key: string): Promise<GroupView | null> {
    const by = nameOrId(key);
    if (!by) return null;
    const [column, value] = 'id' in by ? ['id', by.id] : ['name', by.name];
    const [row] = (await managerOf(tx).query(
      `SELECT ${COLUMNS} FROM groups g WHERE g.${column} = $1 FOR UPDATE`,
      [value],
    )) as GroupView[];
    return row ?? null;
  }

  /** By name. */
  async list(
    memberId: string | null,
    page: { after: string | null; limit: number },
  ): Promise<GroupView[]> {
    return (await this.groups.query(
      `SELECT ${COLUMNS} FROM groups g WHERE ${SEEN} AND ($2::text IS NULL OR g.name > $2)
       ORDER BY g.name LIMIT $3`,
      [memberId, page.after, page.limit],
    )) as GroupView[];
  }

  /** Every group of a user, by name. */
  async ofUser(userId: string): Promise<Pick<GroupView, 'id' | 'name'>[]> {
    return (await this.groups.query(
      `SELECT g.id, g.name FROM group_members m JOIN groups g ON g.id = m.group_id
       WHERE m.user_id = $1 ORDER BY g.name`,
      [userId],
    )) as Pick<GroupView, 'id' | 'name'>[];
  }

  /** @throws GroupNameTakenError */
  async insert(tx: Transaction, { name, description }: GroupFields): Promise<GroupView> {
    return await this.named(name, async () => {
      const [row] = (await managerOf(tx).query(
        `INSERT INTO groups AS g (name, description) VALUES ($1, $2) RETURNING ${COLUMNS}`,
        [name, description],
      )) as GroupView[];
      return row as GroupView;
    });
  }

  /** @throws GroupNameTakenError */
  async update(tx: Transaction, id: string, { name, description }: GroupFields): Promise<void> {
    await this.named(name, () =>
      managerOf(tx).query('UPDATE groups SET name = $2, description = $3 WHERE id = $1', [
        id,
        name,
        description,
      ]),
    );
  }

  /** With its memberships, and with what else refers to it. */
  async lockGranted(tx: Transaction, id: string): Promise<void> {
    await lockGranted(tx, 'group', id);
  }

  async remove(tx: Transaction, id: string): Promise<void> {
    await managerOf(tx).query('DELETE FROM groups WHERE id = $1', [id]);
  }

  private async named<T>(name: string, work: () => Promise<T>): Promise<T> {
    return await orTaken('groups_name_key', () => new GroupNameTakenError(name), work);
  }
}
