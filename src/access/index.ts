export { AccessModule } from './access.module.js';
export { BootstrapKeyService, type BootstrapKey } from './bootstrap-key.service.js';
