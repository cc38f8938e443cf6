import { Inject, Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { Request } from 'express';
import {
  PRINCIPAL_AUTHENTICATOR,
  type IPrincipalAuthenticator,
  type Principal,
} from '../../core/contracts/principal.contract.js';
import { UnauthenticatedError } from '../../core/errors/index.js';
import { PUBLIC } from '../../core/http/permissions.js';
import { permissionOf, requirePermission } from './permission.guard.js';
import { AddressLimitMiddleware } from '../limits/address-limit.middleware.js';

/** RFC 6750 section 2.1: keys, and the dots of a JWT. */
const BEARER = /^Bearer +([\w.~+/-]+=*) *$/i;

/** Lets nobody in who has not shown a key or a token, unless the route says that it is public. */
@Injectable()
export class BearerGuard implements CanActivate {
  constructor(
    private readonly reflector: Reflector,
    @Inject(PRINCIPAL_AUTHENTICATOR) private readonly authenticator: IPrincipalAuthenticator,
    private readonly addresses: AddressLimitMiddleware,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const permission = permissionOf(this.reflector, context);
    if (permission === PUBLIC) return true;
    const request = context.switchToHttp().getRequest<Request>();
    request.principal = await this.identify(request);
    request.authorizeAgain = async () => {
      request.principal = await this.identify(request);
      requirePermission(request.principal, permission);
    };
    return true;
  }

  private async identify(request: Request): Promise<Principal> {
    const [, key] = BEARER.exec(request.headers.authorization ?? '') ?? [];
    const known = key === undefined ? null : await this.authenticator.authenticate(key);
    if (!known) {
      await this.addresses.countFailure(request);
      throw new UnauthenticatedError();
    }
    return Object.assign({ requestId: request.id as string }, known);
  }
}
