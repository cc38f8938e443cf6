import { Entity, Index, JoinColumn, ManyToOne, PrimaryColumn } from 'typeorm';
import { Dataset } from './dataset.entity.js';

/** A tag of a dataset, normalised. */
@Entity('dataset_tags')
@Index('dataset_tags_tag_index', ['tag', 'datasetId'])
export class DatasetTag {
  @PrimaryColumn({
    type: 'uuid',
    name: 'dataset_id',
    primaryKeyConstraintName: 'dataset_tags_pkey',
  })
  datasetId: string;

  @PrimaryColumn({
    type: 'varchar',
    length: 64,
    collation: 'C',
    name: 'tag',
    primaryKeyConstraintName: 'dataset_tags_pkey',
  })
  tag: string;

  @ManyToOne(() => Dataset, { onDelete: 'CASCADE' })
  @JoinColumn({ name: 'dataset_id', foreignKeyConstraintName: 'dataset_tags_dataset_id_fkey' })
  dataset?: never;
}
