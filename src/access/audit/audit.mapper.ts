import type { AuditRecord } from './audit-log.repository.js';
import type { AuditEntryDto } from './dto/audit-entry.dto.js';

export const toAuditEntryDto = (entry: AuditRecord): AuditEntryDto => ({
  id: entry.id,
  at: entry.at,
  actorId: entry.actorId,
  actorName: entry.actorName,
  keyId: entry.keyId,
  requestId: entry.requestId,
  action: entry.action,
  targets: entry.targets,
  beforeDigest: entry.beforeDigest,
  afterDigest: entry.afterDigest,
  details: entry.details,
  seq: entry.seq,
  hash: entry.hash,
});
