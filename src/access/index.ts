export { AccessModule } from './access.module.js';
export { ApiKeyGuard } from './api-key.guard.js';
export { AddressLimitMiddleware } from './limits/address-limit.middleware.js';
export { KeyLimitGuard } from './limits/key-limit.guard.js';
export { BootstrapKeyService, type BootstrapKey } from './bootstrap-key.service.js';
