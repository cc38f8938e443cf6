export { GrantsModule } from './grants/grants.module.js';
export { AccessModule } from './access.module.js';
export { AuditModule } from './audit/audit.module.js';
export type { AuditReport } from './audit/verify/audit-report.js';
export { verifyAuditLog } from './audit/verify/verify-audit-log.js';
export { BearerGuard } from './authentication/bearer.guard.js';
export { BootstrapKeyService, type BootstrapKey } from './keys/bootstrap-key.service.js';
export { AddressLimitMiddleware } from './limits/address-limit.middleware.js';
export { KeyLimitGuard } from './limits/key-limit.guard.js';
