import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import type { Request } from 'express';
import { TUS_VERSION } from './tus-protocol.js';
import { TusVersionError } from './uploads.errors.js';

/** Requests of tus say which version they speak; OPTIONS, which asks for it, and the list are none. */
@Injectable()
export class TusVersionGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const request = context.switchToHttp().getRequest<Request>();
    if (request.header('tus-resumable') !== TUS_VERSION) throw new TusVersionError();
    return true;
  }
}
