import { Column, CreateDateColumn, Entity, Index, PrimaryColumn } from 'typeorm';

/**
 * One turn of the collector that has changed something, or that somebody asked for. Each step adds to
 * its row in the step's own transaction, so that what a killed turn has done is told too.
 */
@Entity('gc_runs')
@Index('gc_runs_started_at_index', ['startedAt'])
export class GcRun {
  @PrimaryColumn({ type: 'uuid', primaryKeyConstraintName: 'gc_runs_pkey' })
  id: string;

  @Column({ type: 'varchar', length: 16, name: 'asked_by' })
  askedBy: 'schedule' | 'operator';

  /** What it removed does not count against the limit of a day. */
  @Column({ type: 'boolean', name: 'forced' })
  forced: boolean;

  @CreateDateColumn({ type: 'timestamptz', name: 'started_at' })
  startedAt: Date;

  /** `null`: it is running, or its process has died. */
  @Column({ type: 'timestamptz', name: 'finished_at', nullable: true })
  finishedAt: Date | null;

  @Column({ type: 'int', name: 'reaped', default: 0 })
  reaped: number;

  @Column({ type: 'int', name: 'expired', default: 0 })
  expired: number;

  @Column({ type: 'int', name: 'doomed_objects', default: 0 })
  doomedObjects: number;

  @Column({ type: 'bigint', name: 'doomed_bytes', default: 0 })
  doomedBytes: string;

  @Column({ type: 'int', name: 'deleted_objects', default: 0 })
  deletedObjects: number;

  @Column({ type: 'bigint', name: 'deleted_bytes', default: 0 })
  deletedBytes: string;

  @Column({ type: 'int', name: 'failed', default: 0 })
  failed: number;

  /** The brake that kept it from removing anything. */
  @Column({ type: 'varchar', length: 32, name: 'held_back', nullable: true })
  heldBack: string | null;
}
