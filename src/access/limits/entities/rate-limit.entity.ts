import { Column, Entity, PrimaryColumn } from 'typeorm';

/**
 * What a subject has taken of its limit in one minute. UNLOGGED: written often, and worth nothing after a
 * crash, when at most one minute's count begins anew.
 */
@Entity('rate_limits')
export class RateLimit {
  /** `key:<id>`, `user:<id>` or `address:<address>`. */
  @PrimaryColumn({
    type: 'varchar',
    length: 80,
    name: 'subject',
    primaryKeyConstraintName: 'rate_limits_pkey',
  })
  subject: string;

  @Column({ type: 'timestamptz', name: 'window_start' })
  windowStart: Date;

  /** Requests of the window that were given out to replicas. */
  @Column({ type: 'int', name: 'taken' })
  taken: number;

  /** Of these, by the last statement: what it answers. */
  @Column({ type: 'int', name: 'granted' })
  granted: number;
}
