import { Global, Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { AUDIT_LOG } from '../../core/contracts/audit-log.contract.js';
import { AuditController } from './audit.controller.js';
import { AuditEntriesRepository } from './audit-entries.repository.js';
import { AuditLogReader } from './audit-log-reader.service.js';
import { AuditLogRepository } from './audit-log.repository.js';
import { AuditLog } from './audit-log.service.js';
import { AuditChainRepository } from './chain/audit-chain.repository.js';
import { AuditHeadKeeper } from './chain/audit-head-keeper.service.js';
import { AuditRetention } from './chain/audit-retention.service.js';
import { AuditSealer } from './chain/audit-sealer.service.js';
import { AuditSigningKey } from './chain/audit-signing-key.service.js';
import { AuditEntry } from './entities/audit-entry.entity.js';
import { AuditPending } from './entities/audit-pending.entity.js';
import { AuditSeal } from './entities/audit-seal.entity.js';
import { AuditSegment } from './entities/audit-segment.entity.js';

/** Who changed what. Global: every slice records, by `AUDIT_LOG`. */
@Global()
@Module({
  imports: [TypeOrmModule.forFeature([AuditEntry, AuditPending, AuditSeal, AuditSegment])],
  controllers: [AuditController],
  providers: [
    AuditChainRepository,
    AuditEntriesRepository,
    AuditHeadKeeper,
    AuditLogReader,
    AuditLogRepository,
    AuditRetention,
    AuditSealer,
    AuditSigningKey,
    { provide: AUDIT_LOG, useClass: AuditLog },
  ],
  exports: [AUDIT_LOG],
})
export class AuditModule {}
