import { Check, Column, Entity, JoinColumn, ManyToOne, PrimaryColumn } from 'typeorm';
import { Dataset } from './dataset.entity.js';

/** How often a dataset uses one content, so that what deduplication saves is known exactly. */
@Entity('dataset_contents')
@Check('dataset_contents_uses_check', '"uses" > 0')
export class DatasetContent {
  @PrimaryColumn({
    type: 'uuid',
    name: 'dataset_id',
    primaryKeyConstraintName: 'dataset_contents_pkey',
  })
  datasetId: string;

  @ManyToOne(() => Dataset)
  @JoinColumn({ name: 'dataset_id', foreignKeyConstraintName: 'dataset_contents_dataset_id_fkey' })
  dataset?: never;

  @PrimaryColumn({
    type: 'int',
    name: 'file_id',
    primaryKeyConstraintName: 'dataset_contents_pkey',
  })
  fileId: number;

  @Column({ type: 'bigint', name: 'size_bytes' })
  sizeBytes: string;

  /** Components with this content. */
  @Column({ type: 'int', name: 'uses' })
  uses: number;
}
