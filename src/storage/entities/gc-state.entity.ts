import { Check, Column, Entity, PrimaryColumn } from 'typeorm';

/** How far the collector of this database has got: one row. Its counterpart is a mark in the store. */
@Entity('gc_state')
@Check('gc_state_id_check', '"id" = 1')
export class GcState {
  @PrimaryColumn({ type: 'int', primaryKeyConstraintName: 'gc_state_pkey' })
  id: number;

  /** Goes up with every mark, and never back: unless the whole database does. */
  @Column({ type: 'bigint', name: 'mark' })
  mark: string;

  /** In the name of the mark: tells it from that of a copy of this database that went its own way. */
  @Column({ type: 'varchar', length: 32, name: 'token' })
  token: string;

  @Column({ type: 'timestamptz', name: 'marked_at' })
  markedAt: Date;

  /** Where the sequence of references stood: when it has moved on, there is more to lose. */
  @Column({ type: 'bigint', name: 'references_seen' })
  referencesSeen: string;

  @Column({ type: 'varchar', length: 32, name: 'system_identifier' })
  systemIdentifier: string;

  @Column({ type: 'int', name: 'timeline' })
  timeline: number;
}
