import { Column, CreateDateColumn, Entity, Index, PrimaryColumn } from 'typeorm';

/** What was computed from contents alone, as an artifact: good for every version that has them. */
@Entity('derived_results')
@Index('derived_results_used_at_index', ['usedAt', 'id'])
export class DerivedResult {
  /** Also the owner of its reference, of type `derived`. */
  @PrimaryColumn({ type: 'uuid', primaryKeyConstraintName: 'derived_results_pkey' })
  id: string;

  /** SHA-256 of engine, kind, contents and parameters, lower-case hex. */
  @Index('derived_results_key_key', { unique: true })
  @Column({ type: 'char', length: 64, name: 'key' })
  key: string;

  @Column({ type: 'varchar', length: 32, name: 'kind' })
  kind: string;

  /** Of the contents it was computed from. */
  @Column({ type: 'char', length: 64, array: true, name: 'source_hashes' })
  sourceHashes: string[];

  @Column({ type: 'int', name: 'file_id' })
  fileId: number;

  @Column({ type: 'bigint', name: 'size_bytes' })
  sizeBytes: string;

  @CreateDateColumn({ type: 'timestamptz', name: 'created_at' })
  createdAt: Date;

  /** To the hour. */
  @Column({ type: 'timestamptz', name: 'used_at', default: () => 'now()' })
  usedAt: Date;
}
