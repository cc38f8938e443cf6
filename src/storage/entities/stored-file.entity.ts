import { Check, Column, CreateDateColumn, Entity, Index, PrimaryGeneratedColumn } from 'typeorm';

/** What is known of a file's bytes: `unchecked` while a scrub reads them. */
export type FileHealth = 'ok' | 'unchecked' | 'corrupt' | 'missing';

/**
 * Whether nothing bad is known of the bytes. What a scrub is reading counts as well as before: a large
 * file is read for hours, in which every upload of it would be stored once more.
 */
export const isTrusted = (health: FileHealth): boolean => health === 'ok' || health === 'unchecked';

/** One distinct content. A row exists only while its bytes are durable. */
@Entity('files')
@Check('files_content_hash_check', `"content_hash" ~ '^[0-9a-f]{64}$'`)
@Check('files_size_bytes_check', '"size_bytes" >= 0')
@Check('files_reference_count_check', '"reference_count" >= 0')
@Check('files_zero_since_check', '("reference_count" = 0) = ("zero_since" IS NOT NULL)')
@Index('files_unchecked_index', ['scrubUntil'], { where: `"health" = 'unchecked'` })
@Index('files_verified_index', { synchronize: false })
@Index('files_zero_since_index', ['zeroSince'], { where: '"reference_count" = 0' })
export class StoredFile {
  @PrimaryGeneratedColumn({ type: 'int', primaryKeyConstraintName: 'files_pkey' })
  id: number;

  /** SHA-256 of the bytes, lower-case hex. The constraint decides races. */
  @Index('files_content_hash_key', { unique: true })
  @Column({ type: 'char', length: 64, name: 'content_hash' })
  contentHash: string;

  @Column({ type: 'bigint', name: 'size_bytes' })
  sizeBytes: string;

  /** CRC-32 of each MiB, big-endian, so that a range can be verified without reading the rest. */
  @Column({ type: 'bytea', name: 'block_crcs' })
  blockCrcs: Buffer;

  @Column({ type: 'varchar', length: 32, name: 'backend' })
  backend: string;

  @Index('files_storage_key_key', { unique: true })
  @Column({ type: 'varchar', length: 200, name: 'storage_key' })
  storageKey: string;

  @Column({ type: 'bigint', name: 'reference_count' })
  referenceCount: string;

  @Column({ type: 'timestamptz', name: 'zero_since', nullable: true })
  zeroSince: Date | null;

  @Column({ type: 'varchar', length: 16, name: 'health', default: 'ok' })
  health: FileHealth;

  @Column({ type: 'timestamptz', name: 'last_verified_at', nullable: true })
  lastVerifiedAt: Date | null;

  /** While it is `unchecked`: who reads it has died when this is over. */
  @Column({ type: 'timestamptz', name: 'scrub_until', nullable: true })
  scrubUntil: Date | null;

  @CreateDateColumn({ type: 'timestamptz', name: 'created_at' })
  createdAt: Date;
}
