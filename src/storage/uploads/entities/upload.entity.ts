import { Check, Column, CreateDateColumn, Entity, Index, PrimaryColumn } from 'typeorm';

/** `partial`: a part of a `final`, and no file of its own. */
export type UploadKind = 'file' | 'partial' | 'final';

/**
 * A resumable upload, from its creation until a day after its end. Its bytes are those of the intent with
 * the same id, whose lease is its expiry: an upload without a file and without a living intent is over.
 */
@Entity('uploads')
@Check('uploads_kind_check', `"kind" IN ('file', 'partial', 'final')`)
@Check('uploads_parts_check', `("kind" = 'final') = ("parts" IS NOT NULL)`)
@Check(
  'uploads_offset_check',
  '"upload_offset" BETWEEN 0 AND "upload_length" OR "upload_length" IS NULL',
)
@Check(
  'uploads_whole_check',
  `"kind" = 'partial' OR "file_id" IS NOT NULL OR "upload_length" IS NULL OR "upload_offset" < "upload_length" OR "upload_length" = 0`,
)
@Index('uploads_open_index', ['ownerId', 'id'], { where: '"file_id" IS NULL' })
@Index('uploads_expires_at_index', ['expiresAt'])
export class Upload {
  /** Of the ingest attempt and its intent too. */
  @PrimaryColumn({ type: 'uuid', primaryKeyConstraintName: 'uploads_pkey' })
  id: string;

  @Column({ type: 'uuid', name: 'owner_id' })
  ownerId: string;

  @Column({ type: 'varchar', length: 8, name: 'kind' })
  kind: UploadKind;

  /** Bytes; `null`: not known yet. */
  @Column({ type: 'bigint', name: 'upload_length', nullable: true })
  uploadLength: string | null;

  /** Bytes that are durable. It reaches the length of a file only with the file. */
  @Column({ type: 'bigint', name: 'upload_offset', default: 0 })
  uploadOffset: string;

  /** What the backend needs to find them again. */
  @Column({ type: 'jsonb', name: 'backend_state', nullable: true })
  backendState: Record<string, unknown> | null;

  /** `Upload-Metadata` as it was sent. */
  @Column({ type: 'text', name: 'metadata', nullable: true })
  metadata: string | null;

  /** `Upload-Concat` as it was sent. */
  @Column({ type: 'text', name: 'concat', nullable: true })
  concat: string | null;

  /** Of a final: the uploads that it is made of, in their order. */
  @Column({ type: 'uuid', name: 'parts', array: true, nullable: true })
  parts: string[] | null;

  /** What it has become. No foreign key: the file may be given up before this row goes. */
  @Column({ type: 'int', name: 'file_id', nullable: true })
  fileId: number | null;

  /** Who writes, or wrote last. */
  @Column({ type: 'uuid', name: 'lock_token', nullable: true })
  lockToken: string | null;

  /** `null`: nobody writes, the last one has ended properly. */
  @Column({ type: 'timestamptz', name: 'lock_until', nullable: true })
  lockUntil: Date | null;

  /** Somebody waits for whoever writes. */
  @Column({ type: 'boolean', name: 'release_asked', default: false })
  releaseAsked: boolean;

  @CreateDateColumn({ type: 'timestamptz', name: 'created_at' })
  createdAt: Date;

  @Column({ type: 'timestamptz', name: 'expires_at' })
  expiresAt: Date;
}
