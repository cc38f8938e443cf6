import { Column, Entity, PrimaryGeneratedColumn } from 'typeorm';

/** A dataset that has changed since it was indexed. Triggers write one with each change. */
@Entity('dataset_search_queue')
export class SearchMark {
  @PrimaryGeneratedColumn({
    type: 'bigint',
    primaryKeyConstraintName: 'dataset_search_queue_pkey',
  })
  id: string;

  /** No foreign key: the dataset may be gone by the time that the mark is worked off. */
  @Column({ type: 'uuid', name: 'dataset_id' })
  datasetId: string;

  /** Not when its transaction began; after a failure when it is tried again. */
  @Column({ type: 'timestamptz', name: 'marked_at', default: () => 'clock_timestamp()' })
  markedAt: Date;

  /** How often indexing has failed. */
  @Column({ type: 'smallint', name: 'failures', default: 0 })
  failures: number;
}
