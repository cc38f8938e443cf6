import { Global, Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { AUDIT_LOG } from '../../core/contracts/audit-log.contract.js';
import { AuditLogRepository } from './audit-log.repository.js';
import { AuditLog } from './audit-log.service.js';
import { AuditEntry } from './entities/audit-entry.entity.js';
import { AuditPending } from './entities/audit-pending.entity.js';
import { AuditSeal } from './entities/audit-seal.entity.js';
import { AuditSegment } from './entities/audit-segment.entity.js';

/** Who changed what. Global: every slice records, by `AUDIT_LOG`. */
@Global()
@Module({
  imports: [TypeOrmModule.forFeature([AuditEntry, AuditPending, AuditSeal, AuditSegment])],
  providers: [AuditLogRepository, { provide: AUDIT_LOG, useClass: AuditLog }],
  exports: [AUDIT_LOG],
})
export class AuditModule {}
