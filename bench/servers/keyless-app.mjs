/**
 * The service with its guards taken out: every request is an admin's, whatever it shows. What remains
 * of the distance to the service is what keys, permissions and limits cost.
 */
import 'reflect-metadata';
import { PERMISSIONS } from '../../dist/src/core/contracts/principal.contract.js';
import { ApiKeyGuard } from '../../dist/src/access/index.js';
import { run } from '../../dist/src/run.js';

const admin = {
  id: '00000000-0000-7000-8000-000000000000',
  name: 'anybody',
  isAdmin: true,
  subjects: [],
  permissions: new Set(PERMISSIONS),
  keyId: null,
  expiresAt: null,
  requestId: null,
};

ApiKeyGuard.prototype.canActivate = (context) => {
  context.switchToHttp().getRequest().principal = admin;
  return true;
};

await run();
