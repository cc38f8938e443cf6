import { Column, Entity, Index, PrimaryColumn } from 'typeorm';

/** The place of an entry in the chain. */
@Entity('audit_seals')
export class AuditSeal {
  /** From 1, without a gap, in the order of sealing. */
  @PrimaryColumn({ type: 'bigint', name: 'seq', primaryKeyConstraintName: 'audit_seals_pkey' })
  seq: string;

  @Index('audit_seals_entry_key', { unique: true })
  @Column({ type: 'bigint', name: 'entry_id' })
  entryId: string;

  /** SHA-256 of the hash before and of the canonical JSON of the entry. */
  @Column({ type: 'bytea', name: 'hash' })
  hash: Buffer;
}
