import {
  Column,
  CreateDateColumn,
  Entity,
  Index,
  JoinColumn,
  ManyToOne,
  PrimaryGeneratedColumn,
} from 'typeorm';
import { User } from './user.entity.js';

/** A key by its hash. The key itself is shown once and kept nowhere in the database. */
@Entity('api_keys')
@Index('api_keys_user_index', ['userId', 'id'])
export class ApiKeyRecord {
  @PrimaryGeneratedColumn('uuid', { primaryKeyConstraintName: 'api_keys_pkey' })
  id: string;

  @Column({ type: 'uuid', name: 'user_id' })
  userId: string;

  @ManyToOne(() => User, { onDelete: 'CASCADE' })
  @JoinColumn({ name: 'user_id', foreignKeyConstraintName: 'api_keys_user_id_fkey' })
  user?: never;

  /** What it is for. Two keys may have one name: a rotated one and its successor. */
  @Column({ type: 'varchar', length: 100, name: 'name' })
  name: string;

  /** SHA-256. A slow hash is for passwords: a key has 256 random bits. */
  @Index('api_keys_key_hash_key', { unique: true })
  @Column({ type: 'bytea', name: 'key_hash' })
  keyHash: Buffer;

  /** The key's first characters, by which its user knows it again; `null`: chosen by the operator. */
  @Column({ type: 'varchar', length: 20, name: 'hint', nullable: true })
  hint: string | null;

  /** The one that the operator sets or the first start makes. */
  @Index('api_keys_bootstrap_key', { unique: true, where: '"is_bootstrap"' })
  @Column({ type: 'boolean', name: 'is_bootstrap', default: false })
  isBootstrap: boolean;

  /** What it permits; `null`: all that its user may do. */
  @Column({ type: 'varchar', length: 64, array: true, name: 'scopes', nullable: true })
  scopes: string[] | null;

  @Column({ type: 'timestamptz', name: 'expires_at', nullable: true })
  expiresAt: Date | null;

  @Column({ type: 'timestamptz', name: 'revoked_at', nullable: true })
  revokedAt: Date | null;

  /** To the minute. */
  @Column({ type: 'timestamptz', name: 'last_used_at', nullable: true })
  lastUsedAt: Date | null;

  @CreateDateColumn({ type: 'timestamptz', name: 'created_at' })
  createdAt: Date;
}
