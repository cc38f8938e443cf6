import {
  Column,
  CreateDateColumn,
  Entity,
  Index,
  JoinColumn,
  ManyToOne,
  PrimaryGeneratedColumn,
} from 'typeorm';
import { PrincipalRecord } from './principal.entity.js';

/** A key by its hash. The key itself is shown once and kept nowhere in the database. */
@Entity('api_keys')
export class ApiKeyRecord {
  @PrimaryGeneratedColumn('uuid', { primaryKeyConstraintName: 'api_keys_pkey' })
  id: string;

  @Column({ type: 'uuid', name: 'principal_id' })
  principalId: string;

  @ManyToOne(() => PrincipalRecord, { onDelete: 'CASCADE' })
  @JoinColumn({ name: 'principal_id', foreignKeyConstraintName: 'api_keys_principal_id_fkey' })
  principal?: never;

  @Index('api_keys_name_key', { unique: true })
  @Column({ type: 'varchar', length: 100, name: 'name' })
  name: string;

  /** SHA-256. A slow hash is for passwords: a key has 256 random bits. */
  @Index('api_keys_key_hash_key', { unique: true })
  @Column({ type: 'bytea', name: 'key_hash' })
  keyHash: Buffer;

  @CreateDateColumn({ type: 'timestamptz', name: 'created_at' })
  createdAt: Date;
}
