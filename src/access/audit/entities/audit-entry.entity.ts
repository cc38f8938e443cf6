import { Column, Entity, Index, PrimaryGeneratedColumn } from 'typeorm';

/** A change that was made. Append-only: triggers refuse anything else. */
@Entity('audit_log')
@Index('audit_log_actor_index', ['actorId', 'id'])
@Index('audit_log_actor_name_index', ['actorName', 'id'])
@Index('audit_log_action_index', ['action', 'id'])
@Index('audit_log_request_index', ['requestId', 'id'])
@Index('audit_log_targets_index', { synchronize: false })
export class AuditEntry {
  @PrimaryGeneratedColumn({ type: 'bigint', primaryKeyConstraintName: 'audit_log_pkey' })
  id: string;

  /** Not when its transaction began. */
  @Index('audit_log_at_index')
  @Column({ type: 'timestamptz', name: 'at', default: () => 'clock_timestamp()' })
  at: Date;

  /** A user's; `null`: the service itself. No foreign key: the log outlives users. */
  @Column({ type: 'uuid', name: 'actor_id', nullable: true })
  actorId: string | null;

  /** As it was then. */
  @Column({ type: 'varchar', length: 100, name: 'actor_name', nullable: true })
  actorName: string | null;

  @Column({ type: 'uuid', name: 'key_id', nullable: true })
  keyId: string | null;

  @Column({ type: 'varchar', length: 128, name: 'request_id', nullable: true })
  requestId: string | null;

  @Column({ type: 'varchar', length: 64, collation: 'C', name: 'action' })
  action: string;

  @Column({ type: 'text', array: true, name: 'targets' })
  targets: string[];

  /** SHA-256 of the canonical JSON of what was there. */
  @Column({ type: 'bytea', name: 'before_digest', nullable: true })
  beforeDigest: Buffer | null;

  @Column({ type: 'bytea', name: 'after_digest', nullable: true })
  afterDigest: Buffer | null;

  /** Canonical JSON. Not `jsonb`: its text is what is sealed, and it takes any string. */
  @Column({ type: 'json', name: 'details', default: {} })
  details: Record<string, unknown>;
}
