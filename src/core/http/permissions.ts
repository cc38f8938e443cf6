import {
  applyDecorators,
  createParamDecorator,
  SetMetadata,
  type ExecutionContext,
} from '@nestjs/common';
import { ApiBearerAuth, ApiExtension, ApiSecurity } from '@nestjs/swagger';
import type { Request } from 'express';
import type { DatasetRole, Permission, Principal } from '../contracts/principal.contract.js';
import { UnauthenticatedError } from '../errors/http.errors.js';

export const PERMISSION = Symbol('permission');
export const PUBLIC = 'public';

/**
 * The permission that the credential of a caller of this route needs. A route without one stops the
 * application.
 * @param role what the caller must be of the dataset in the path; its service sees to that
 */
export const RequirePermission = (
  permission: Permission,
  role?: DatasetRole,
): MethodDecorator & ClassDecorator =>
  applyDecorators(
    SetMetadata(PERMISSION, permission),
    ApiBearerAuth(),
    ApiExtension('x-permission', permission),
    ...(role ? [ApiExtension('x-dataset-role', role)] : []),
  );

/** Anybody may call this route, without a key. */
export const Public = (): MethodDecorator & ClassDecorator =>
  applyDecorators(
    SetMetadata(PERMISSION, PUBLIC),
    ApiSecurity({}),
    ApiExtension('x-permission', PUBLIC),
  );

/**
 * Whom the request acts for, now that its body is here: a body can come for hours, in which a key is
 * revoked or a user loses a role. Whatever reads a body asks so before it is used.
 * @throws UnauthenticatedError, ForbiddenError
 */
export async function callerAfterBody(request: Request): Promise<Principal> {
  await request.authorizeAgain?.();
  if (!request.principal) throw new UnauthenticatedError();
  return request.principal;
}

/** Whom the request acts for. */
export const Caller = createParamDecorator((_: unknown, context: ExecutionContext): Principal => {
  const { principal } = context.switchToHttp().getRequest<Request>();
  if (!principal) throw new UnauthenticatedError();
  return principal;
});

declare module 'express-serve-static-core' {
  interface Request {
    /** Set by the guard. */
    principal?: Principal;
    /** Set by the guard: asks once more who calls and whether they may, and sets `principal` anew. */
    authorizeAgain?: () => Promise<void>;
  }
}
