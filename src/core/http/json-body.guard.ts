import { Injectable, SetMetadata, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { json } from 'body-parser';
import type { Request, Response } from 'express';
import { UnsupportedMediaTypeError } from '../errors/http.errors.js';

const STREAMED_BODY = Symbol('streamed-body');

/** This route reads its body itself, as a stream. */
export const StreamedBody = (): MethodDecorator => SetMetadata(STREAMED_BODY, true);

const WITH_BODY = new Set(['POST', 'PUT', 'PATCH']);

/** Not inflated: a small compressed body can be a large one. */
const parse = json({ limit: 16 * 1024 * 1024, inflate: false, strict: true });

/**
 * Reads JSON bodies and lets nothing else pass. A guard and not a middleware, so that a body is read
 * only after the guard before it has let its sender in, and never on a route that streams it; not an
 * interceptor either, which would cost the requests without a body an eighth of their time.
 */
@Injectable()
export class JsonBodyGuard implements CanActivate {
  constructor(private readonly reflector: Reflector) {}

  canActivate(context: ExecutionContext): boolean | Promise<boolean> {
    const request = context.switchToHttp().getRequest<Request>();
    if (!WITH_BODY.has(request.method)) return true;
    if (this.reflector.get<boolean>(STREAMED_BODY, context.getHandler()) ?? false) return true;
    return this.read(request, context.switchToHttp().getResponse<Response>());
  }

  private async read(request: Request, response: Response): Promise<boolean> {
    const hasBody =
      request.headers['transfer-encoding'] !== undefined ||
      Number(request.headers['content-length'] ?? 0) > 0;
    if (hasBody && !request.is('application/json')) {
      throw new UnsupportedMediaTypeError('Send the body as application/json.');
    }
    await new Promise<void>((resolve, reject) => {
      parse(request, response, (error?: unknown) => (error ? reject(error as Error) : resolve()));
    });
    return true;
  }
}
