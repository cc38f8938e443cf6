import { Column, Entity, Index, JoinColumn, ManyToOne, PrimaryColumn } from 'typeorm';
import { LineageRun } from './lineage-run.entity.js';

/** What a run has read: a file at a path of a version, a folder of it, or the version as a whole. */
@Entity('lineage_inputs')
@Index('lineage_inputs_content_index', ['contentHash'], { where: '"content_hash" IS NOT NULL' })
@Index('lineage_inputs_version_index', ['versionId'])
export class LineageInput {
  @PrimaryColumn({
    type: 'uuid',
    name: 'run_id',
    primaryKeyConstraintName: 'lineage_inputs_pkey',
  })
  runId: string;

  @ManyToOne(() => LineageRun, { onDelete: 'CASCADE' })
  @JoinColumn({ name: 'run_id', foreignKeyConstraintName: 'lineage_inputs_run_id_fkey' })
  run?: never;

  @PrimaryColumn({ type: 'int', name: 'place', primaryKeyConstraintName: 'lineage_inputs_pkey' })
  place: number;

  /** SHA-256, lower-case hex; `null`: all files at the path, or of the version. */
  @Column({ type: 'char', length: 64, name: 'content_hash', nullable: true })
  contentHash: string | null;

  /** May be gone by now. */
  @Column({ type: 'uuid', name: 'version_id' })
  versionId: string;

  @Column({ type: 'varchar', length: 1024, name: 'path', nullable: true })
  path: string | null;
}
