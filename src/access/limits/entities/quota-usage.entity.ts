import { Column, Entity, PrimaryColumn } from 'typeorm';

/**
 * How much somebody with a quota keeps at most, so that not every upload counts all that is there. UNLOGGED:
 * what is not known is counted. A change of the quota forgets it (a trigger), and so does each start of a
 * process: in between, others may have added under settings without a quota.
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

  /** Bytes; what was given up since still counts. `null`: to be counted. */
  @Column({ type: 'bigint', name: 'at_most', nullable: true })
  atMost: string | null;
}
