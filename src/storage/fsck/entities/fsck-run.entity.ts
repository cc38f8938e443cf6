import { Check, Column, CreateDateColumn, Entity, Index, PrimaryColumn } from 'typeorm';
import type { FsckFinding, FsckProgress } from '../findings.js';

/** `interrupted`: its process ended before it did. */
export const FSCK_STATUSES = [
  'running',
  'succeeded',
  'failed',
  'cancelled',
  'interrupted',
] as const;

export type FsckStatus = (typeof FSCK_STATUSES)[number];

/** A check of the whole store, run by one process; any replica tells of it. */
@Entity('fsck_runs')
@Check(
  'fsck_runs_status_check',
  `"status" IN ('running', 'succeeded', 'failed', 'cancelled', 'interrupted')`,
)
@Index('fsck_runs_running_key', ['status'], { unique: true, where: `"status" = 'running'` })
export class FsckRun {
  /** A UUIDv7. */
  @PrimaryColumn({ type: 'uuid', primaryKeyConstraintName: 'fsck_runs_pkey' })
  id: string;

  @Column({ type: 'varchar', length: 12, name: 'status' })
  status: FsckStatus;

  /** Percent of the files. */
  @Column({ type: 'double precision', name: 'read_data' })
  readData: number;

  @Column({ type: 'boolean', name: 'repair' })
  repair: boolean;

  @Column({ type: 'bigint', name: 'seed' })
  seed: string;

  @Column({ type: 'uuid', name: 'started_by' })
  startedBy: string;

  @CreateDateColumn({ type: 'timestamptz', name: 'started_at' })
  startedAt: Date;

  /** A run that stays without is over: its process has died. */
  @Column({ type: 'timestamptz', name: 'heartbeat_at', default: () => 'now()' })
  heartbeatAt: Date;

  @Column({ type: 'timestamptz', name: 'finished_at', nullable: true })
  finishedAt: Date | null;

  @Column({ type: 'jsonb', name: 'progress', default: {} })
  progress: Partial<FsckProgress>;

  /** The first ones. */
  @Column({ type: 'jsonb', name: 'findings', default: [] })
  findings: FsckFinding[];

  @Column({ type: 'text', name: 'error', nullable: true })
  error: string | null;
}
