import { Column, CreateDateColumn, Entity, PrimaryColumn } from 'typeorm';

/**
 * A job that has made something. Written with its end; unlike the job it stays as long as something of
 * what it has made does.
 */
@Entity('lineage_runs')
export class LineageRun {
  /** Of the job. */
  @PrimaryColumn({ type: 'uuid', primaryKeyConstraintName: 'lineage_runs_pkey' })
  id: string;

  @Column({ type: 'varchar', length: 64, name: 'kind' })
  kind: string;

  @Column({ type: 'jsonb', name: 'parameters' })
  parameters: Record<string, unknown>;

  @Column({ type: 'bigint', name: 'seed' })
  seed: string;

  @Column({ type: 'varchar', length: 64, name: 'engine_version', nullable: true })
  engineVersion: string | null;

  @Column({ type: 'uuid', name: 'created_by' })
  createdBy: string;

  @Column({ type: 'timestamptz', name: 'started_at', nullable: true })
  startedAt: Date | null;

  @CreateDateColumn({ type: 'timestamptz', name: 'finished_at' })
  finishedAt: Date;
}
