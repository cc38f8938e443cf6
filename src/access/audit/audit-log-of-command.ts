import type { IAuditLog } from '../../core/contracts/audit-log.contract.js';
import { AuditEntriesRepository } from './audit-entries.repository.js';
import { AuditLog } from './audit-log.service.js';

/** For commands: what they append is sealed by the service beside them, or when it is started. */
export const auditLogOfCommand = (): IAuditLog =>
  new AuditLog(new AuditEntriesRepository(), { wake: () => undefined });
