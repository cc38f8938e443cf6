/**
 * The service with its guards taken out: every request is an admin's, whatever it shows. What remains
 * of the distance to the service is what keys, permissions and limits cost.
 */
import 'reflect-metadata';
import { BearerGuard, KeyLimitGuard, PermissionGuard } from '../../dist/src/access/index.js';
import { run } from '../../dist/src/run.js';

let admin = null;

BearerGuard.prototype.canActivate = async function (context) {
  // Found once: from then on nothing is asked.
  admin ??= await this.authenticator.authenticate(process.env.STRATUM_BOOTSTRAP_KEY);
  context.switchToHttp().getRequest().principal = admin;
  return true;
};
KeyLimitGuard.prototype.canActivate = () => true;
PermissionGuard.prototype.canActivate = () => true;

await run();
