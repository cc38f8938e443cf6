import { Column, Entity, Index, JoinColumn, OneToOne, PrimaryColumn } from 'typeorm';
import type { Visibility } from '../../../core/contracts/dataset-repository.contract.js';
import { Dataset } from '../../entities/dataset.entity.js';

/**
 * What search looks at of a dataset: derived. Who may read it is copied by triggers, so that ten
 * thousand matches need no look at their datasets.
 */
@Entity('dataset_search')
@Index('dataset_search_owner_index', ['ownerId'])
@Index('dataset_search_readers_index', { synchronize: false })
@Index('dataset_search_document_index', { synchronize: false })
@Index('dataset_search_tags_index', { synchronize: false })
@Index('dataset_search_file_types_index', { synchronize: false })
export class DatasetSearch {
  @PrimaryColumn({
    type: 'uuid',
    name: 'id',
    primaryKeyConstraintName: 'dataset_search_pkey',
  })
  id: string;

  @OneToOne(() => Dataset, { onDelete: 'CASCADE' })
  @JoinColumn({ name: 'id', foreignKeyConstraintName: 'dataset_search_id_fkey' })
  dataset?: never;

  @Column({ type: 'uuid', name: 'owner_id' })
  ownerId: string;

  @Column({ type: 'varchar', length: 8, name: 'visibility' })
  visibility: Visibility;

  @Column({ type: 'timestamptz', name: 'deleted_at', nullable: true })
  deletedAt: Date | null;

  /** The subjects of `dataset_access`. */
  @Column({ type: 'uuid', array: true, name: 'readers', default: [] })
  readers: string[];

  /** Words of the name weigh A, of tags B, of description and metadata C, of paths D. */
  @Column({ type: 'tsvector', name: 'document' })
  document: string;

  @Column({ type: 'text', array: true, name: 'tags' })
  tags: string[];

  /** Of the files of the head of `main`. */
  @Column({ type: 'text', array: true, name: 'file_types' })
  fileTypes: string[];

  /** The first paths, to show where one matched. */
  @Column({ type: 'text', array: true, name: 'paths' })
  paths: string[];
}
