import { Column, CreateDateColumn, Entity, Index, PrimaryGeneratedColumn } from 'typeorm';

/** Somebody who may call, by keys or by tokens of a configured issuer. */
@Entity('users')
@Index('users_identity_key', ['issuer', 'subject'], { unique: true })
export class User {
  @PrimaryGeneratedColumn('uuid', { primaryKeyConstraintName: 'users_pkey' })
  id: string;

  /** Lower case, so that no two differ by case alone. */
  @Index('users_name_key', { unique: true })
  @Column({ type: 'varchar', length: 100, name: 'name' })
  name: string;

  @Column({ type: 'varchar', length: 200, name: 'display_name', default: '' })
  displayName: string;

  /** Of the installation. */
  @Column({ type: 'boolean', name: 'is_admin', default: false })
  isAdmin: boolean;

  /** Since when nobody gets in as this user. */
  @Column({ type: 'timestamptz', name: 'disabled_at', nullable: true })
  disabledAt: Date | null;

  /** Bytes that the user may keep; `null`: what is configured for everybody. */
  @Column({ type: 'bigint', name: 'quota_bytes', nullable: true })
  quotaBytes: string | null;

  /** `iss` of the tokens that stand for this user. */
  @Column({ type: 'varchar', length: 500, name: 'issuer', nullable: true })
  issuer: string | null;

  /** `sub` of them. */
  @Column({ type: 'varchar', length: 255, name: 'subject', nullable: true })
  subject: string | null;

  /** When the token was issued whose claims were taken over last. */
  @Column({ type: 'timestamptz', name: 'claimed_at', nullable: true })
  claimedAt: Date | null;

  @CreateDateColumn({ type: 'timestamptz', name: 'created_at' })
  createdAt: Date;
}
