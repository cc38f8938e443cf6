import {
  Check,
  Column,
  CreateDateColumn,
  Entity,
  Index,
  JoinColumn,
  ManyToOne,
  PrimaryGeneratedColumn,
} from 'typeorm';
import type { DatasetRole } from '../../core/contracts/principal.contract.js';
import { Group } from './group.entity.js';
import { User } from './user.entity.js';

/** That somebody was given a role on a dataset. What follows from it is derived by a trigger. */
@Entity('dataset_grants')
@Index('dataset_grants_user_key', ['datasetId', 'userId'], { unique: true })
@Index('dataset_grants_group_key', ['datasetId', 'groupId'], { unique: true })
@Index('dataset_grants_user_index', ['userId'])
@Index('dataset_grants_group_index', ['groupId'])
@Check('dataset_grants_role_check', `"role" IN ('reader', 'writer', 'admin')`)
@Check('dataset_grants_grantee_check', 'num_nonnulls("user_id", "group_id") = 1')
export class DatasetGrant {
  @PrimaryGeneratedColumn('uuid', { primaryKeyConstraintName: 'dataset_grants_pkey' })
  id: string;

  @Column({ type: 'uuid', name: 'dataset_id' })
  datasetId: string;

  /** Of another slice, so by the name of its entity alone. */
  @ManyToOne('Dataset', { onDelete: 'CASCADE' })
  @JoinColumn({ name: 'dataset_id', foreignKeyConstraintName: 'dataset_grants_dataset_id_fkey' })
  dataset?: never;

  @Column({ type: 'uuid', name: 'user_id', nullable: true })
  userId: string | null;

  @ManyToOne(() => User, { onDelete: 'CASCADE' })
  @JoinColumn({ name: 'user_id', foreignKeyConstraintName: 'dataset_grants_user_id_fkey' })
  user?: never;

  @Column({ type: 'uuid', name: 'group_id', nullable: true })
  groupId: string | null;

  @ManyToOne(() => Group, { onDelete: 'CASCADE' })
  @JoinColumn({ name: 'group_id', foreignKeyConstraintName: 'dataset_grants_group_id_fkey' })
  group?: never;

  @Column({ type: 'varchar', length: 8, name: 'role' })
  role: DatasetRole;

  @Column({ type: 'uuid', name: 'granted_by' })
  grantedBy: string;

  @CreateDateColumn({ type: 'timestamptz', name: 'created_at' })
  createdAt: Date;
}
