import { Check, Column, CreateDateColumn, Entity, Index, PrimaryColumn } from 'typeorm';

/**
 * The write-ahead log of objects: every physical object is named by a row of `files` or by one of
 * these, from before its first byte until after its last.
 */
@Entity('storage_intents')
@Check('storage_intents_kind_check', `"kind" IN ('write', 'delete')`)
@Index('storage_intents_write_index', ['leaseUntil'], { where: `"kind" = 'write'` })
@Index('storage_intents_delete_index', ['notBefore'], { where: `"kind" = 'delete'` })
export class StorageIntent {
  /** The attempt, for a write. */
  @PrimaryColumn({ type: 'uuid', primaryKeyConstraintName: 'storage_intents_pkey' })
  id: string;

  @Column({ type: 'varchar', length: 8, name: 'kind' })
  kind: 'write' | 'delete';

  @Column({ type: 'varchar', length: 32, name: 'backend' })
  backend: string;

  @Column({ type: 'varchar', length: 200, name: 'storage_key' })
  storageKey: string;

  /** A write: who doesn't renew it in time is taken for dead. A delete: claimed by a collector. */
  @Column({ type: 'timestamptz', name: 'lease_until', nullable: true })
  leaseUntil: Date | null;

  @Column({ type: 'timestamptz', name: 'not_before', default: () => 'now()' })
  notBefore: Date;

  /** Deletes still to do: a reaped write gets two, since a frozen writer may wake up in between. */
  @Column({ type: 'int', name: 'passes', default: 1 })
  passes: number;

  @Column({ type: 'int', name: 'attempts', default: 0 })
  attempts: number;

  @Column({ type: 'text', name: 'last_error', nullable: true })
  lastError: string | null;

  /** Bytes of a file that was collected; `null`: of an upload that came to nothing, not known. */
  @Column({ type: 'bigint', name: 'size_bytes', nullable: true })
  sizeBytes: string | null;

  @CreateDateColumn({ type: 'timestamptz', name: 'created_at' })
  createdAt: Date;
}
