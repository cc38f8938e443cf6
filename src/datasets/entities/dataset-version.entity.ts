import {
  Column,
  CreateDateColumn,
  Entity,
  Index,
  JoinColumn,
  ManyToOne,
  PrimaryColumn,
} from 'typeorm';
import { Dataset } from './dataset.entity.js';

/** How many files of one type a version has. */
export type TypeCounts = Record<string, { files: number; bytes: number }>;

/** What a dataset was at one moment: its parent and what was changed. Never altered. */
@Entity('dataset_versions')
@Index('dataset_versions_number_key', ['datasetId', 'versionNumber'], { unique: true })
@Index('dataset_versions_parent_index', ['parentId'])
@Index('dataset_versions_merged_index', ['mergedId'], { where: '"merged_id" IS NOT NULL' })
@Index('dataset_versions_job_index', ['jobId'], { where: '"job_id" IS NOT NULL' })
@Index('dataset_versions_own_layer_index', ['ownLayerId'])
@Index('dataset_versions_unreleased_index', ['deletedAt'], {
  where: '"deleted_at" IS NOT NULL AND "released_at" IS NULL',
})
export class DatasetVersion {
  /** A UUIDv7. */
  @PrimaryColumn({ type: 'uuid', primaryKeyConstraintName: 'dataset_versions_pkey' })
  id: string;

  @Column({ type: 'uuid', name: 'dataset_id' })
  datasetId: string;

  @ManyToOne(() => Dataset)
  @JoinColumn({ name: 'dataset_id', foreignKeyConstraintName: 'dataset_versions_dataset_id_fkey' })
  dataset?: never;

  /** 1, 2, 3 … in a dataset, whatever the branch; a parent has a lower one. */
  @Column({ type: 'int', name: 'version_number' })
  versionNumber: number;

  @Column({ type: 'uuid', name: 'parent_id', nullable: true })
  parentId: string | null;

  @ManyToOne(() => DatasetVersion)
  @JoinColumn({ name: 'parent_id', foreignKeyConstraintName: 'dataset_versions_parent_id_fkey' })
  parent?: never;

  /** The other version that a merge took in; the changes are told against `parentId`. */
  @Column({ type: 'uuid', name: 'merged_id', nullable: true })
  mergedId: string | null;

  /** The job whose outputs were published as this version; the job may be forgotten by now. */
  @Column({ type: 'uuid', name: 'job_id', nullable: true })
  jobId: string | null;

  /** What that job was about; the version may be gone by now. */
  @Column({ type: 'uuid', name: 'source_version_id', nullable: true })
  sourceVersionId: string | null;

  @Column({ type: 'varchar', length: 2000, name: 'message' })
  message: string;

  /** The overlay document: the same changes as canonical JSON. */
  @Column({ type: 'int', name: 'overlay_file_id' })
  overlayFileId: number;

  @Column({ type: 'bigint', name: 'overlay_reference_id' })
  overlayReferenceId: string;

  /** The layer with this version's own changes; it is kept as long as the version. */
  @Column({ type: 'bigint', name: 'own_layer_id' })
  ownLayerId: string;

  @Column({ type: 'int', name: 'file_count' })
  fileCount: number;

  @Column({ type: 'bigint', name: 'total_bytes' })
  totalBytes: string;

  @Column({ type: 'jsonb', name: 'types' })
  types: TypeCounts;

  @Column({ type: 'uuid', name: 'created_by' })
  createdBy: string;

  @CreateDateColumn({ type: 'timestamptz', name: 'created_at' })
  createdAt: Date;

  @Column({ type: 'timestamptz', name: 'deleted_at', nullable: true })
  deletedAt: Date | null;

  /** When the releaser was done with a deleted version. */
  @Column({ type: 'timestamptz', name: 'released_at', nullable: true })
  releasedAt: Date | null;
}
