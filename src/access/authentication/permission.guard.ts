import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { Request } from 'express';
import type { Permission, Principal } from '../../core/contracts/principal.contract.js';
import { ForbiddenError } from '../../core/errors/index.js';
import { PERMISSION, PUBLIC } from '../../core/http/permissions.js';

/** What the route says: a permission, that it is public, or nothing, which lets nobody in. */
export const permissionOf = (
  reflector: Reflector,
  context: ExecutionContext,
): Permission | typeof PUBLIC | undefined =>
  reflector.getAllAndOverride(PERMISSION, [context.getHandler(), context.getClass()]);

/** @throws ForbiddenError */
export function requirePermission(
  principal: Principal | undefined,
  permission: Permission | undefined,
): void {
  // Undeclared can't happen, the application would not have started: denied all the same.
  if (permission === undefined || !principal?.permissions.has(permission)) {
    throw new ForbiddenError(`This credential does not permit ${permission}.`);
  }
}

/** Whether the credential permits the route; after its requests were counted, so that refusals are too. */
@Injectable()
export class PermissionGuard implements CanActivate {
  constructor(private readonly reflector: Reflector) {}

  canActivate(context: ExecutionContext): boolean {
    const permission = permissionOf(this.reflector, context);
    if (permission === PUBLIC) return true;
    requirePermission(context.switchToHttp().getRequest<Request>().principal, permission);
    return true;
  }
}
