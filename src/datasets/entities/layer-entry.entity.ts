import { Column, Entity, JoinColumn, ManyToOne, PrimaryColumn } from 'typeorm';
import { Layer } from './layer.entity.js';

/** What a layer says of a path: the component there, or that it was deleted. */
@Entity('layer_entries')
export class LayerEntry {
  @PrimaryColumn({
    type: 'bigint',
    name: 'layer_id',
    primaryKeyConstraintName: 'layer_entries_pkey',
  })
  layerId: string;

  @ManyToOne(() => Layer, { onDelete: 'CASCADE' })
  @JoinColumn({ name: 'layer_id', foreignKeyConstraintName: 'layer_entries_layer_id_fkey' })
  layer?: never;

  @PrimaryColumn({
    type: 'varchar',
    length: 1024,
    collation: 'C',
    name: 'path',
    primaryKeyConstraintName: 'layer_entries_pkey',
  })
  path: string;

  @Column({ type: 'bigint', name: 'component_id', nullable: true })
  componentId: string | null;
}
