import {
  Column,
  CreateDateColumn,
  Entity,
  Index,
  JoinColumn,
  ManyToOne,
  PrimaryGeneratedColumn,
} from 'typeorm';
import { StoredFile } from './stored-file.entity.js';

/** One use of a file by one owner. `files.reference_count` is the number of these rows. */
@Entity('file_references')
@Index('file_references_file_index', ['fileId', 'id'])
@Index('file_references_expires_at_index', ['expiresAt'], { where: '"expires_at" IS NOT NULL' })
@Index('file_references_owner_index', ['ownerType', 'ownerId', 'fileId', 'id'])
export class FileReference {
  @PrimaryGeneratedColumn({ type: 'bigint', primaryKeyConstraintName: 'file_references_pkey' })
  id: string;

  @Column({ type: 'int', name: 'file_id' })
  fileId: number;

  /** RESTRICT is the last guard: whatever happens to the count, a file in use can't be removed. */
  @ManyToOne(() => StoredFile, { onDelete: 'RESTRICT' })
  @JoinColumn({ name: 'file_id', foreignKeyConstraintName: 'file_references_file_id_fkey' })
  file?: never;

  @Column({ type: 'varchar', length: 32, name: 'owner_type' })
  ownerType: string;

  @Column({ type: 'varchar', length: 64, name: 'owner_id' })
  ownerId: string;

  /** The ingest attempt that made it, so that an uncertain COMMIT can be looked up. */
  @Index('file_references_attempt_id_key', { unique: true })
  @Column({ type: 'uuid', name: 'attempt_id', nullable: true })
  attemptId: string | null;

  @Column({ type: 'varchar', length: 64, name: 'file_type' })
  fileType: string;

  @Column({ type: 'varchar', length: 255, name: 'file_name', nullable: true })
  fileName: string | null;

  @Column({ type: 'varchar', length: 255, name: 'mime_type', nullable: true })
  mimeType: string | null;

  @Column({ type: 'varchar', length: 64, name: 'compression_type', nullable: true })
  compressionType: string | null;

  @Column({ type: 'jsonb', name: 'metadata', default: {} })
  metadata: Record<string, unknown>;

  @CreateDateColumn({ type: 'timestamptz', name: 'created_at' })
  createdAt: Date;

  /** When the hold ends by itself; `null`: never. */
  @Column({ type: 'timestamptz', name: 'expires_at', nullable: true })
  expiresAt: Date | null;
}
