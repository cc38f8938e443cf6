import { Column, Entity, Generated, PrimaryColumn } from 'typeorm';

/**
 * What was counted of somebody's bytes, and what has come since, so that neither an upload nor a refusal
 * counts all that is there. UNLOGGED: what is not known is counted. A change of the quota forgets it (a
 * trigger), and so does each start of a process: in between, others may have added under settings without
 * a quota.
 */
@Entity('quota_usages')
export class QuotaUsage {
  @PrimaryColumn({
    type: 'varchar',
    length: 8,
    name: 'owner_type',
    primaryKeyConstraintName: 'quota_usages_pkey',
  })
  ownerType: 'user' | 'dataset';

  @PrimaryColumn({
    type: 'uuid',
    name: 'owner_id',
    primaryKeyConstraintName: 'quota_usages_pkey',
  })
  ownerId: string;

  /** A count that began before the row was forgotten and made anew is not written to the new one. */
  @Column({ type: 'uuid', name: 'epoch' })
  @Generated('uuid')
  epoch: string;

  /**
   * Bytes that were let in since the row was made, also of contents that were kept already: so what is kept
   * is never more than what was counted and what was let in since.
   */
  @Column({ type: 'bigint', name: 'added', default: 0 })
  added: string;

  /** How often something was given up. */
  @Column({ type: 'int', name: 'given_up', default: 0 })
  givenUp: number;

  /** Counted bytes; `null`: to be counted. */
  @Column({ type: 'bigint', name: 'used_bytes', nullable: true })
  usedBytes: string | null;

  /** Counted contents. */
  @Column({ type: 'int', name: 'files', nullable: true })
  files: number | null;

  /** `added` in the snapshot that was counted. */
  @Column({ type: 'bigint', name: 'added_before', nullable: true })
  addedBefore: string | null;

  /** `given_up` in the snapshot that was counted. */
  @Column({ type: 'int', name: 'given_up_before', nullable: true })
  givenUpBefore: number | null;

  @Column({ type: 'timestamptz', name: 'counted_at', nullable: true })
  countedAt: Date | null;
}
