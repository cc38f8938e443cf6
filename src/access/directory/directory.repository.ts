import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { Repository } from 'typeorm';
import type { IDirectory, Subject } from '../../core/contracts/directory.contract.js';
import { GroupNotFoundError, UserNotFoundError } from '../../core/errors/index.js';
import { User } from '../entities/user.entity.js';

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

  private async find(table: 'users' | 'groups', key: string): Promise<Subject | undefined> {
    const [row] = (await this.users.query(
      `SELECT id, name FROM ${table} WHERE id::text = lower($1) OR name = lower($1)`,
      [key],
    )) as Subject[];
    return row;
  }
}
