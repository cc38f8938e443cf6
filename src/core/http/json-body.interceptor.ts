import {
  Injectable,
  SetMetadata,
  type CallHandler,
  type ExecutionContext,
  type NestInterceptor,
} from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { json } from 'body-parser';
import type { Request, Response } from 'express';
import type { Observable } from 'rxjs';
import { UnsupportedMediaTypeError } from '../errors/http.errors.js';

const STREAMED_BODY = Symbol('streamed-body');

/** This route reads its body itself, as a stream. */
export const StreamedBody = (): MethodDecorator => SetMetadata(STREAMED_BODY, true);

const WITH_BODY = new Set(['POST', 'PUT', 'PATCH']);

/** Not inflated: a small compressed body can be a large one. */
const parse = json({ limit: 16 * 1024 * 1024, inflate: false, strict: true });

/**
 * Reads JSON bodies. An interceptor and not a middleware, so that a body is read only after the
 * guard has let its sender in, and never on a route that streams it.
 */
@Injectable()
export class JsonBodyInterceptor implements NestInterceptor {
  constructor(private readonly reflector: Reflector) {}

  async intercept(context: ExecutionContext, next: CallHandler): Promise<Observable<unknown>> {
    const request = context.switchToHttp().getRequest<Request>();
    const isStreamed = this.reflector.get<boolean>(STREAMED_BODY, context.getHandler()) ?? false;
    if (WITH_BODY.has(request.method) && !isStreamed) {
      await this.read(request, context.switchToHttp().getResponse<Response>());
    }
    return next.handle();
  }

  private async read(request: Request, response: Response): Promise<void> {
    const hasBody =
      request.headers['transfer-encoding'] !== undefined ||
      Number(request.headers['content-length'] ?? 0) > 0;
    if (hasBody && !request.is('application/json')) {
      throw new UnsupportedMediaTypeError('Send the body as application/json.');
    }
    await new Promise<void>((resolve, reject) => {
      parse(request, response, (error?: unknown) => (error ? reject(error as Error) : resolve()));
    });
  }
}
