export { AccessModule } from './access.module.js';
export { AuditModule } from './audit/audit.module.js';
export { BearerGuard } from './authentication/bearer.guard.js';
export { BootstrapKeyService, type BootstrapKey } from './keys/bootstrap-key.service.js';
