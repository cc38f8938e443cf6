import { Column, Entity, Index, JoinColumn, ManyToOne, PrimaryGeneratedColumn } from 'typeorm';
import { Dataset } from './dataset.entity.js';

/** Changes of one version, or of several merged into one. Immutable, shared by versions. */
@Entity('layers')
@Index('layers_dataset_index', ['datasetId'])
@Index('layers_retired_at_index', ['retiredAt'], { where: '"retired_at" IS NOT NULL' })
export class Layer {
  @PrimaryGeneratedColumn({ type: 'bigint', primaryKeyConstraintName: 'layers_pkey' })
  id: string;

  @Column({ type: 'uuid', name: 'dataset_id' })
  datasetId: string;

  @ManyToOne(() => Dataset)
  @JoinColumn({ name: 'dataset_id', foreignKeyConstraintName: 'layers_dataset_id_fkey' })
  dataset?: never;

  @Column({ type: 'int', name: 'entry_count' })
  entryCount: number;

  /** When no version listed it any more; it is removed once no reader can still be at it. */
  @Column({ type: 'timestamptz', name: 'retired_at', nullable: true })
  retiredAt: Date | null;
}
