import {
  Check,
  Column,
  CreateDateColumn,
  Entity,
  Index,
  JoinColumn,
  ManyToOne,
  PrimaryColumn,
} from 'typeorm';
import { Dataset } from './dataset.entity.js';
import { DatasetVersion } from './dataset-version.entity.js';

export type RefKind = 'branch' | 'tag';

/** A name for a version: branches move, tags don't. */
@Entity('dataset_refs')
@Check('dataset_refs_kind_check', `"kind" IN ('branch', 'tag')`)
@Index('dataset_refs_version_index', ['versionId'])
export class DatasetRef {
  @PrimaryColumn({
    type: 'uuid',
    name: 'dataset_id',
    primaryKeyConstraintName: 'dataset_refs_pkey',
  })
  datasetId: string;

  @ManyToOne(() => Dataset)
  @JoinColumn({ name: 'dataset_id', foreignKeyConstraintName: 'dataset_refs_dataset_id_fkey' })
  dataset?: never;

  @PrimaryColumn({
    type: 'varchar',
    length: 100,
    collation: 'C',
    name: 'name',
    primaryKeyConstraintName: 'dataset_refs_pkey',
  })
  name: string;

  @Column({ type: 'varchar', length: 6, name: 'kind' })
  kind: RefKind;

  @Column({ type: 'uuid', name: 'version_id' })
  versionId: string;

  @ManyToOne(() => DatasetVersion)
  @JoinColumn({ name: 'version_id', foreignKeyConstraintName: 'dataset_refs_version_id_fkey' })
  version?: never;

  @CreateDateColumn({ type: 'timestamptz', name: 'created_at' })
  createdAt: Date;

  @Column({ type: 'timestamptz', name: 'updated_at', default: () => 'now()' })
  updatedAt: Date;
}
