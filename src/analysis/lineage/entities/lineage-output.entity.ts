import { Column, Entity, Index, JoinColumn, ManyToOne, PrimaryColumn } from 'typeorm';
import { LineageRun } from './lineage-run.entity.js';

/** What a run has made. By its content: the same bytes under another file id are the same artifact. */
@Entity('lineage_outputs')
@Index('lineage_outputs_content_index', ['contentHash'])
export class LineageOutput {
  @PrimaryColumn({
    type: 'uuid',
    name: 'run_id',
    primaryKeyConstraintName: 'lineage_outputs_pkey',
  })
  runId: string;

  @ManyToOne(() => LineageRun, { onDelete: 'CASCADE' })
  @JoinColumn({ name: 'run_id', foreignKeyConstraintName: 'lineage_outputs_run_id_fkey' })
  run?: never;

  @PrimaryColumn({ type: 'int', name: 'place', primaryKeyConstraintName: 'lineage_outputs_pkey' })
  place: number;

  @Column({ type: 'text', name: 'name' })
  name: string;

  /** SHA-256, lower-case hex. */
  @Column({ type: 'char', length: 64, name: 'content_hash' })
  contentHash: string;
}
