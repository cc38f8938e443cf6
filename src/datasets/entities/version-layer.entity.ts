import { Column, Entity, Index, JoinColumn, ManyToOne, PrimaryColumn } from 'typeorm';
import { DatasetVersion } from './dataset-version.entity.js';
import { Layer } from './layer.entity.js';

/** The layers that a version is read from, newest first. */
@Entity('version_layers')
@Index('version_layers_layer_index', ['layerId'])
export class VersionLayer {
  @PrimaryColumn({
    type: 'uuid',
    name: 'version_id',
    primaryKeyConstraintName: 'version_layers_pkey',
  })
  versionId: string;

  @ManyToOne(() => DatasetVersion, { onDelete: 'CASCADE' })
  @JoinColumn({ name: 'version_id', foreignKeyConstraintName: 'version_layers_version_id_fkey' })
  version?: never;

  /** 0 is the newest. */
  @PrimaryColumn({
    type: 'smallint',
    name: 'depth',
    primaryKeyConstraintName: 'version_layers_pkey',
  })
  depth: number;

  @Column({ type: 'bigint', name: 'layer_id' })
  layerId: string;

  @ManyToOne(() => Layer)
  @JoinColumn({ name: 'layer_id', foreignKeyConstraintName: 'version_layers_layer_id_fkey' })
  layer?: never;
}
