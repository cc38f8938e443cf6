import {
  Inject,
  Injectable,
  SetMetadata,
  type CanActivate,
  type ExecutionContext,
} from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { Request, Response } from 'express';
import getRawBody from 'raw-body';
import { ENV, type Env } from '../config/config.js';
import {
  BodyTooLargeError,
  MalformedBodyError,
  UnsupportedMediaTypeError,
} from '../errors/http.errors.js';
import { refuseByHeaders } from './body-checks.js';
import { inviteBody } from './expect-continue.js';
import { callerAfterBody } from './permissions.js';
import { watchProgress } from './watch-progress.js';

const STREAMED_BODY = Symbol('streamed-body');
const ALSO_STREAMED = Symbol('also-streamed');
const BODY_LIMIT = Symbol('body-limit');
const DEFAULT_LIMIT = 1024 * 1024;

/** This route reads its body itself, as a stream. */
export const StreamedBody = (): MethodDecorator => SetMetadata(STREAMED_BODY, true);

/** This route takes a JSON body of so many bytes, instead of the usual 1 MiB. */
export const JsonBodyLimit = (bytes: number): MethodDecorator => SetMetadata(BODY_LIMIT, bytes);

/** This route takes JSON, and reads a body of this media type itself, as a stream. */
export const AlsoStreamed = (mediaType: string): MethodDecorator =>
  SetMetadata(ALSO_STREAMED, mediaType);

const WITH_BODY = new Set(['POST', 'PUT', 'PATCH']);

/**
 * Reads JSON bodies and lets nothing else pass. A guard and not a middleware, so that a body is read
 * only after the guard before it has let its sender in, and never on a route that streams it; not an
 * interceptor either, which would cost the requests without a body an eighth of their time.
 */
@Injectable()
export class JsonBodyGuard implements CanActivate {
  constructor(
    private readonly reflector: Reflector,
    @Inject(ENV) private readonly env: Pick<Env, 'UPLOAD_STALL_SECONDS'>,
  ) {}

  canActivate(context: ExecutionContext): boolean | Promise<boolean> {
    const request = context.switchToHttp().getRequest<Request>();
    const route = context.getHandler();
    if (!WITH_BODY.has(request.method) || this.reflector.get(STREAMED_BODY, route)) return true;
    const streamed = this.reflector.get<string | undefined>(ALSO_STREAMED, route);
    if (streamed !== undefined && request.is(streamed)) return true;
    const limit = this.reflector.get<number | undefined>(BODY_LIMIT, route) ?? DEFAULT_LIMIT;
    return this.read(request, context.switchToHttp().getResponse<Response>(), limit);
  }

  private async read(request: Request, response: Response, limit: number): Promise<boolean> {
    const length = request.headers['content-length'];
    const hasBody = request.headers['transfer-encoding'] !== undefined || Number(length ?? 0) > 0;
    if (hasBody) {
      if (!request.is('application/json')) {
        throw new UnsupportedMediaTypeError('Send the body as application/json.');
      }
      refuseByHeaders(request, limit);
      inviteBody(request, response);
      request.body = parseJson(await this.receive(request, limit));
      await callerAfterBody(request);
    } else {
      request.body = {};
    }
    return true;
  }

  private async receive(request: Request, limit: number): Promise<Buffer> {
    const abort = new AbortController();
    const stopWatching = watchProgress(request, this.env.UPLOAD_STALL_SECONDS, abort);
    const stalled = new Promise<never>((_, reject) => {
      abort.signal.addEventListener('abort', () => reject(abort.signal.reason as Error));
    });
    try {
      // The limit counts what comes, whatever was announced; what is too much is not waited for.
      const length = request.headers['content-length'];
      return await Promise.race([getRawBody(request, { limit, length }), stalled]);
    } catch (error) {
      const isTooLarge = (error as { type?: unknown }).type === 'entity.too.large';
      throw isTooLarge ? new BodyTooLargeError(limit) : error;
    } finally {
      stopWatching();
    }
  }
}

/** RFC 8259 section 8.1: UTF-8, a byte order mark is passed over. */
function parseJson(bytes: Buffer): unknown {
  if (bytes.length === 0) return {};
  try {
    const value: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
    if (typeof value === 'object' && value !== null) return value;
  } catch (cause) {
    throw new MalformedBodyError('The body is not valid JSON in UTF-8.', { cause });
  }
  throw new MalformedBodyError('The body is neither a JSON object nor an array.');
}
