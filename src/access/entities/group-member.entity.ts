import {
  Column,
  CreateDateColumn,
  Entity,
  Index,
  JoinColumn,
  ManyToOne,
  PrimaryColumn,
} from 'typeorm';
import { Group } from './group.entity.js';
import { User } from './user.entity.js';

/** That a user is in a group. */
@Entity('group_members')
@Index('group_members_user_index', ['userId'])
export class GroupMember {
  @PrimaryColumn({
    type: 'uuid',
    name: 'group_id',
    primaryKeyConstraintName: 'group_members_pkey',
  })
  groupId: string;

  @PrimaryColumn({ type: 'uuid', name: 'user_id', primaryKeyConstraintName: 'group_members_pkey' })
  userId: string;

  @ManyToOne(() => Group, { onDelete: 'CASCADE' })
  @JoinColumn({ name: 'group_id', foreignKeyConstraintName: 'group_members_group_id_fkey' })
  group?: never;

  @ManyToOne(() => User, { onDelete: 'CASCADE' })
  @JoinColumn({ name: 'user_id', foreignKeyConstraintName: 'group_members_user_id_fkey' })
  user?: never;

  /** A token has claimed it, and so the next one may end it. */
  @Column({ type: 'boolean', name: 'is_claimed', default: false })
  isClaimed: boolean;

  @CreateDateColumn({ type: 'timestamptz', name: 'created_at' })
  createdAt: Date;
}
