import { Column, Entity, Index, JoinColumn, ManyToOne, PrimaryColumn } from 'typeorm';
import { Dataset } from './dataset.entity.js';

/** That a user, a group or everyone has a role on a dataset. Derived by triggers; never written to. */
@Entity('dataset_access')
@Index('dataset_access_subject_index', ['subjectId', 'datasetId'])
export class DatasetAccess {
  @PrimaryColumn({
    type: 'uuid',
    name: 'dataset_id',
    primaryKeyConstraintName: 'dataset_access_pkey',
  })
  datasetId: string;

  @ManyToOne(() => Dataset, { onDelete: 'CASCADE' })
  @JoinColumn({ name: 'dataset_id', foreignKeyConstraintName: 'dataset_access_dataset_id_fkey' })
  dataset?: never;

  @PrimaryColumn({
    type: 'uuid',
    name: 'subject_id',
    primaryKeyConstraintName: 'dataset_access_pkey',
  })
  subjectId: string;

  /** 1: reader, 2: writer, 3: admin. */
  @Column({ type: 'smallint', name: 'role' })
  role: number;
}
