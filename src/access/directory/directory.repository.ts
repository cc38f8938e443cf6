import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { Repository } from 'typeorm';
import type { IDirectory, Subject, SubjectKind } from '../../core/contracts/directory.contract.js';
import { managerOf, type Transaction } from '../../core/database/index.js';
import { GroupNotFoundError, UserNotFoundError } from '../../core/errors/index.js';
import { nameOrId } from '../names.js';
import { User } from '../entities/user.entity.js';

const TABLES = { user: 'users', group: 'groups' } as const;

/**
 * Locks the datasets on which they have a grant, in the order of their ids, as all who change several
 * do: their removal ends the grants, and would otherwise lock the datasets in any order.
 */
export async function lockGranted(tx: Transaction, kind: SubjectKind, id: string): Promise<void> {
  await managerOf(tx).query(
    `SELECT FROM datasets WHERE id IN (SELECT dataset_id FROM dataset_grants WHERE ${kind}_id = $1)
     ORDER BY id FOR NO KEY UPDATE`,
    [id],
  );
}

/** Names are lower case, and no name looks like an id. */
@Injectable()
export class DirectoryRepository implements IDirectory {
  constructor(@InjectRepository(User) private readonly users: Repository<User>) {}

  async user(key: string): Promise<Subject> {
    const subject = await this.find('users', key);
    if (!subject) throw new UserNotFoundError();
    return subject;
  }

  async group(key: string): Promise<Subject> {
    const subject = await this.find('groups', key);
    if (!subject) throw new GroupNotFoundError();
    return subject;
  }

  async keep(tx: Transaction, kind: SubjectKind, id: string): Promise<boolean> {
    const rows = (await managerOf(tx).query(
      `SELECT FROM ${TABLES[kind]} WHERE id = $1 FOR KEY SHARE`,
      [id],
    )) as unknown[];
    return rows.length > 0;
  }

  private async find(table: 'users' | 'groups', key: string): Promise<Subject | undefined> {
    const by = nameOrId(key);
    if (!by) return undefined;
    const [column, value] = 'id' in by ? ['id', by.id] : ['name', by.name];
    const [row] = (await this.users.query(`SELECT id, name FROM ${table} WHERE ${column} = $1`, [
      value,
    ])) as Subject[];
    return row;
  }
}
