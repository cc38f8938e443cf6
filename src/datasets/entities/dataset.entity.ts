import { Check, Column, CreateDateColumn, Entity, Index, PrimaryColumn } from 'typeorm';
import type { Visibility } from '../../core/contracts/dataset-repository.contract.js';

/** A named line of versions. Its figures change with the commit they count, in one transaction. */
@Entity('datasets')
@Check('datasets_visibility_check', `"visibility" IN ('private', 'public')`)
@Index('datasets_slug_key', ['slug'], { unique: true, where: '"deleted_at" IS NULL' })
@Index('datasets_owner_index', ['ownerId', 'id'])
@Index('datasets_deleted_at_index', ['deletedAt'], { where: '"deleted_at" IS NOT NULL' })
export class Dataset {
  /** A UUIDv7: later datasets sort after earlier ones. */
  @PrimaryColumn({ type: 'uuid', primaryKeyConstraintName: 'datasets_pkey' })
  id: string;

  @Column({ type: 'varchar', length: 100, name: 'slug' })
  slug: string;

  @Column({ type: 'varchar', length: 200, name: 'name' })
  name: string;

  @Column({ type: 'text', name: 'description', default: '' })
  description: string;

  @Column({ type: 'jsonb', name: 'metadata', default: {} })
  metadata: Record<string, unknown>;

  @Column({ type: 'varchar', length: 8, name: 'visibility', default: 'private' })
  visibility: Visibility;

  @Column({ type: 'uuid', name: 'owner_id' })
  ownerId: string;

  /** Counts edits of what people write: the ETag. */
  @Column({ type: 'int', name: 'revision', default: 1 })
  revision: number;

  /** Versions that are not deleted. */
  @Column({ type: 'int', name: 'version_count', default: 0 })
  versionCount: number;

  /** Counts deletions: what was resolved under an earlier count is looked up again. */
  @Column({ type: 'int', name: 'deleted_versions', default: 0 })
  deletedVersions: number;

  /** Numbers are given once, also of versions that were deleted since. */
  @Column({ type: 'int', name: 'last_version_number', default: 0 })
  lastVersionNumber: number;

  /** Bytes of every file ever put and still kept. */
  @Column({ type: 'bigint', name: 'logical_bytes', default: 0 })
  logicalBytes: string;

  /** The same, each content counted once. */
  @Column({ type: 'bigint', name: 'stored_bytes', default: 0 })
  storedBytes: string;

  /** Bytes that it may keep; `null`: what is configured for every dataset. */
  @Column({ type: 'bigint', name: 'quota_bytes', nullable: true })
  quotaBytes: string | null;

  @CreateDateColumn({ type: 'timestamptz', name: 'created_at' })
  createdAt: Date;

  @Column({ type: 'timestamptz', name: 'updated_at', default: () => 'now()' })
  updatedAt: Date;

  /** Hidden since; can be restored until its files are given up. */
  @Column({ type: 'timestamptz', name: 'deleted_at', nullable: true })
  deletedAt: Date | null;
}
