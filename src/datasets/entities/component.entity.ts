import { Column, Entity, Index, JoinColumn, ManyToOne, PrimaryGeneratedColumn } from 'typeorm';
import type { RowPatches } from '../../core/contracts/row-patches.contract.js';
import { Dataset } from './dataset.entity.js';

/**
 * A file as one change of a version brought it to its path, with what it is there. It holds one
 * reference on the stored file, and one on each patch of its rows, until no version shows it any more. Versions that show it hang
 * together: those from the one that brought it on, up to others that change its path.
 */
@Entity('components')
@Index('components_version_index', ['versionId', 'id'])
@Index('components_file_index', ['fileId', 'id'], { where: '"released_at" IS NULL' })
@Index('components_patched_index', ['datasetId'], { where: '"patches" IS NOT NULL' })
@Index('components_dataset_index', ['datasetId', 'id'], { where: '"released_at" IS NULL' })
export class Component {
  @PrimaryGeneratedColumn({ type: 'bigint', primaryKeyConstraintName: 'components_pkey' })
  id: string;

  @Column({ type: 'uuid', name: 'dataset_id' })
  datasetId: string;

  @ManyToOne(() => Dataset)
  @JoinColumn({ name: 'dataset_id', foreignKeyConstraintName: 'components_dataset_id_fkey' })
  dataset?: never;

  /** The version that put it. */
  @Column({ type: 'uuid', name: 'version_id' })
  versionId: string;

  @Column({ type: 'int', name: 'file_id' })
  fileId: number;

  /** `file_references.id`, given up exactly once. */
  @Column({ type: 'bigint', name: 'reference_id' })
  referenceId: string;

  /** SHA-256 of the bytes, lower-case hex; like the size it never changes under a file id. */
  @Column({ type: 'char', length: 64, name: 'content_hash' })
  contentHash: string;

  @Column({ type: 'bigint', name: 'size_bytes' })
  sizeBytes: string;

  @Column({ type: 'varchar', length: 64, name: 'file_type' })
  fileType: string;

  @Column({ type: 'varchar', length: 255, name: 'file_name', nullable: true })
  fileName: string | null;

  @Column({ type: 'varchar', length: 255, name: 'mime_type', nullable: true })
  mimeType: string | null;

  @Column({ type: 'varchar', length: 64, name: 'compression_type', nullable: true })
  compressionType: string | null;

  /** Where the user wants it among the others; nothing depends on it. */
  @Column({ type: 'int', name: 'position', nullable: true })
  position: number | null;

  @Column({ type: 'jsonb', name: 'metadata', default: {} })
  metadata: Record<string, unknown>;

  /** What lies over the rows of the file; `null`: nothing. */
  @Column({ type: 'jsonb', name: 'patches', nullable: true })
  patches: RowPatches | null;

  /** `file_references.id` of each patch, in their order. */
  @Column({ type: 'bigint', name: 'patch_reference_ids', array: true, default: [] })
  patchReferenceIds: string[];

  /** When its references were given up. */
  @Column({ type: 'timestamptz', name: 'released_at', nullable: true })
  releasedAt: Date | null;
}
