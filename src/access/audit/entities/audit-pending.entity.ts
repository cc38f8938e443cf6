import { Entity, PrimaryColumn } from 'typeorm';

/** An entry that is not sealed yet. A trigger writes one with each entry; the sealer takes it. */
@Entity('audit_pending')
export class AuditPending {
  @PrimaryColumn({
    type: 'bigint',
    name: 'entry_id',
    primaryKeyConstraintName: 'audit_pending_pkey',
  })
  entryId: string;
}
