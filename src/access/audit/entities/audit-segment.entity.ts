import { Column, Entity, PrimaryColumn } from 'typeorm';

/** A stretch of the chain, signed as far as it goes. Only the last one grows. */
@Entity('audit_segments')
export class AuditSegment {
  /** From 1, without a gap. */
  @PrimaryColumn({ type: 'bigint', name: 'id', primaryKeyConstraintName: 'audit_segments_pkey' })
  id: string;

  @Column({ type: 'bigint', name: 'first_seq' })
  firstSeq: string;

  @Column({ type: 'bigint', name: 'last_seq' })
  lastSeq: string;

  /** The head of the segment before. */
  @Column({ type: 'bytea', name: 'previous_hash' })
  previousHash: Buffer;

  /** The hash of the last seal. */
  @Column({ type: 'bytea', name: 'head_hash' })
  headHash: Buffer;

  @Column({ type: 'timestamptz', name: 'opened_at' })
  openedAt: Date;

  /** When it was signed last. */
  @Column({ type: 'timestamptz', name: 'sealed_at' })
  sealedAt: Date;

  /** Ed25519, 32 bytes: whose signature it is. Whether that key is trusted is said elsewhere. */
  @Column({ type: 'bytea', name: 'public_key' })
  publicKey: Buffer;

  /** Over all of the above. */
  @Column({ type: 'bytea', name: 'signature' })
  signature: Buffer;

  /** When its entries were dropped; `null`: they are there. */
  @Column({ type: 'timestamptz', name: 'dropped_at', nullable: true })
  droppedAt: Date | null;

  @Column({ type: 'bytea', name: 'drop_public_key', nullable: true })
  dropPublicKey: Buffer | null;

  /** Over the signature and the time of the drop, so that nobody else can say that it was dropped. */
  @Column({ type: 'bytea', name: 'drop_signature', nullable: true })
  dropSignature: Buffer | null;
}
