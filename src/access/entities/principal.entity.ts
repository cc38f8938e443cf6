import { Column, CreateDateColumn, Entity, Index, PrimaryGeneratedColumn } from 'typeorm';

/** Somebody who may call. For now there is one: the bootstrap admin. */
@Entity('principals')
export class PrincipalRecord {
  @PrimaryGeneratedColumn('uuid', { primaryKeyConstraintName: 'principals_pkey' })
  id: string;

  @Index('principals_name_key', { unique: true })
  @Column({ type: 'varchar', length: 100, name: 'name' })
  name: string;

  @Column({ type: 'boolean', name: 'is_admin', default: false })
  isAdmin: boolean;

  @CreateDateColumn({ type: 'timestamptz', name: 'created_at' })
  createdAt: Date;
}
