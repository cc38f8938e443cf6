import { Column, CreateDateColumn, Entity, Index, PrimaryColumn } from 'typeorm';

/** One use of an `Idempotency-Key`: claimed while the request runs, then its answer. */
@Entity('idempotency_records')
@Index('idempotency_records_expires_at_index', ['expiresAt'])
export class IdempotencyRecord {
  @PrimaryColumn({
    type: 'uuid',
    name: 'principal_id',
    primaryKeyConstraintName: 'idempotency_records_pkey',
  })
  principalId: string;

  @PrimaryColumn({
    type: 'varchar',
    length: 100,
    name: 'route',
    primaryKeyConstraintName: 'idempotency_records_pkey',
  })
  route: string;

  @PrimaryColumn({
    type: 'varchar',
    length: 255,
    name: 'key',
    primaryKeyConstraintName: 'idempotency_records_pkey',
  })
  key: string;

  /** Which request holds the claim. */
  @Column({ type: 'uuid', name: 'claim_id' })
  claimId: string;

  /** After this an unanswered claim counts as that of a dead process. */
  @Column({ type: 'timestamptz', name: 'claimed_until' })
  claimedUntil: Date;

  /** SHA-256 of what was asked, once it is known and carried out. */
  @Column({ type: 'char', length: 64, name: 'request_digest', nullable: true })
  requestDigest: string | null;

  /** Status and body of the answer, once there is one. */
  @Column({ type: 'smallint', name: 'status', nullable: true })
  status: number | null;

  @Column({ type: 'jsonb', name: 'body', nullable: true })
  body: unknown;

  @CreateDateColumn({ type: 'timestamptz', name: 'created_at' })
  createdAt: Date;

  @Column({ type: 'timestamptz', name: 'expires_at' })
  expiresAt: Date;
}
