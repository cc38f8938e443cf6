import {
  BadRequestException,
  ForbiddenException,
  HttpException,
  NotFoundException,
  PayloadTooLargeException,
  UnauthorizedException,
  UnsupportedMediaTypeException,
} from '@nestjs/common';
import { describe, expect, it } from '@jest/globals';
import {
  AppError,
  InternalError,
  ValidationFailedError,
  type ErrorKind,
} from '../../errors/index.js';
import { problemOf, statusOf, toAppError } from './problem.js';

class SampleError extends AppError {
  readonly code = 'sample';
  readonly title = 'A sample';
  constructor(
    readonly kind: ErrorKind,
    options?: ConstructorParameters<typeof AppError>[1],
  ) {
    super('What was wrong.', options);
  }
}

const thrown = (fields: object, message = 'hunter2'): Error =>
  Object.assign(new Error(message), fields);

describe('problemOf', () => {
  it.each<[ErrorKind, number]>([
    ['invalid-input', 400],
    ['unauthenticated', 401],
    ['forbidden', 403],
    ['not-found', 404],
    ['timeout', 408],
    ['conflict', 409],
    ['precondition', 412],
    ['too-large', 413],
    ['unsupported-type', 415],
    ['range-not-satisfiable', 416],
    ['unprocessable', 422],
    ['headers-too-large', 431],
    ['internal', 500],
    ['unavailable', 503],
    ['out-of-space', 507],
    ['over-quota', 507],
  ])('answers a failure of the kind %s with %i', (kind, status) => {
    const error = new SampleError(kind);
    expect(statusOf(error)).toBe(status);
    expect(problemOf(error, 'r-1')).toEqual({
      type: '/problems/sample',
      title: 'A sample',
      status,
      code: 'sample',
      detail: 'What was wrong.',
      instance: 'urn:request:r-1',
    });
  });

  it('lists the faults of an input', () => {
    const errors = [
      { pointer: '/a', detail: 'must be a' },
      { pointer: '/b', detail: 'must be b' },
    ];
    expect(problemOf(new ValidationFailedError(errors), 'r')).toMatchObject({
      errors,
      detail: '/a: must be a; /b: must be b',
    });
  });

  it('says of a fault of the whole input what it is, without a place', () => {
    const error = ValidationFailedError.of('', 'must be an object');
    expect(problemOf(error, 'r')).toMatchObject({
      errors: [{ pointer: '', detail: 'must be an object' }],
      detail: 'must be an object',
    });
  });

  it('says nothing of the cause', () => {
    const error = new InternalError({ cause: new Error('password=hunter2 at /srv/app.js') });
    expect(JSON.stringify(problemOf(error, 'r'))).not.toMatch(/hunter2|srv/);
  });
});

describe('toAppError', () => {
  it('leaves a failure of ours as it is', () => {
    const error = new SampleError('conflict');
    expect(toAppError(error)).toBe(error);
  });

  it.each<[string, unknown, string, number]>([
    ['a bad request', new BadRequestException('Unexpected field'), 'bad-request', 400],
    ['a missing key', new UnauthorizedException(), 'unauthenticated', 401],
    ['a forbidden route', new ForbiddenException(), 'forbidden', 403],
    ['an unknown route', new NotFoundException('Cannot GET /x'), 'route-not-found', 404],
    ['a body that is too large', new PayloadTooLargeException(), 'body-too-large', 413],
    ['a media type', new UnsupportedMediaTypeException(), 'unsupported-media-type', 415],
    ['a status that is not ours', new HttpException('teapot', 418), 'internal', 500],
  ])('translates %s of Nest', (_what, error, code, status) => {
    expect(toAppError(error)).toMatchObject({ code });
    expect(statusOf(toAppError(error))).toBe(status);
  });

  it.each<[string, object, string, number]>([
    ['too large', { type: 'entity.too.large', status: 413 }, 'body-too-large', 413],
    ['not sent to its end', { type: 'request.aborted', status: 400 }, 'request-aborted', 400],
    ['of another size', { type: 'request.size.invalid', status: 400 }, 'request-aborted', 400],
    ['wrong in a way that is new', { type: 'entity.verify.failed', status: 403 }, 'forbidden', 403],
  ])('translates what the body parser says of a body that is %s', (_what, fields, code, status) => {
    const error = toAppError(thrown(fields));
    expect(error).toMatchObject({ code });
    expect(statusOf(error)).toBe(status);
  });

  it.each<[string, unknown, string]>([
    [
      'a path that is no UTF-8',
      Object.assign(new URIError('Failed to decode'), { status: 400 }),
      'bad-request',
    ],
    ['a client that hung up', thrown({ code: 'ECONNRESET', syscall: 'read' }), 'request-aborted'],
    [
      'a stream that ended early',
      thrown({ code: 'ERR_STREAM_PREMATURE_CLOSE' }),
      'request-aborted',
    ],
    ['a lost database', thrown({ code: '57P01' }), 'database-unavailable'],
    ['a lock that was waited for too long', thrown({ code: '55P03' }), 'transaction-conflict'],
    [
      'a lost database, wrapped',
      thrown({ driverError: thrown({ code: 'ECONNRESET', syscall: 'read' }) }),
      'database-unavailable',
    ],
    ['a missing file of the machine', thrown({ code: 'ENOENT', syscall: 'open' }), 'internal'],
  ])('translates %s', (_what, error, code) => {
    expect(toAppError(error)).toMatchObject({ code });
  });

  it.each([
    [undefined],
    [null],
    ['text'],
    [7],
    [{}],
    [new Error('hunter2')],
    [{ status: '404' }],
    [{ type: 7 }],
  ])('takes anything else for a bug of ours, and keeps it for the log: %p', (error) => {
    const translated = toAppError(error);
    expect(translated).toBeInstanceOf(InternalError);
    expect(translated.cause).toBe(error);
    expect(JSON.stringify(problemOf(translated, 'r'))).not.toContain('hunter2');
  });

  it('tells nothing of what other layers write into their messages', () => {
    for (const fields of [{ status: 400 }, { status: 404 }, { type: 'entity.parse.failed' }, {}]) {
      expect(JSON.stringify(problemOf(toAppError(thrown(fields)), 'r'))).not.toContain('hunter2');
    }
  });
});
