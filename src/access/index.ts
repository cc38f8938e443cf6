export { GrantsModule } from './grants/grants.module.js';
export { AccessModule } from './access.module.js';
export { ApiKeyGuard } from './api-key.guard.js';
export { BootstrapKeyService, type BootstrapKey } from './bootstrap-key.service.js';
