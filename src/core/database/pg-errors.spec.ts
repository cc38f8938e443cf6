import { describe, expect, it } from '@jest/globals';
import { brokenUniqueConstraint, isConnectionLost, isRetryable, unconnected } from './pg-errors.js';

const pgError = (code: string, rest: object = {}): Error =>
  Object.assign(new Error('from PostgreSQL'), { code, ...rest });
/** As TypeORM throws it. */
const wrapped = (driverError: Error): Error =>
  Object.assign(new Error('QueryFailedError'), { driverError, query: 'SELECT 1' });

const NEITHER = [
  undefined,
  null,
  'text',
  7,
  {},
  new Error('x'),
  { code: 42 },
  { driverError: null },
];

describe('isRetryable', () => {
  it.each(['40001', '40P01', '55P03'])('knows %s, plain and wrapped', (code) => {
    expect(isRetryable(pgError(code))).toBe(true);
    expect(isRetryable(wrapped(pgError(code)))).toBe(true);
  });

  it.each(['23505', '57P01', '42P01', '40002', 'ECONNRESET'])('does not repeat %s', (code) => {
    expect(isRetryable(wrapped(pgError(code)))).toBe(false);
  });

  it('takes anything that is thrown', () => {
    expect(NEITHER.map(isRetryable)).toEqual(NEITHER.map(() => false));
  });
});

describe('isConnectionLost', () => {
  it.each(['08000', '08003', '08006', '57P01', '57P02', '57P03', '57P05', '53300', '25P03'])(
    'knows the SQLSTATE %s, plain and wrapped',
    (code) => {
      expect(isConnectionLost(pgError(code))).toBe(true);
      expect(isConnectionLost(wrapped(pgError(code)))).toBe(true);
    },
  );

  it.each(['ECONNRESET', 'EPIPE', 'ETIMEDOUT'])('knows %s of a query', (code) => {
    expect(isConnectionLost(wrapped(pgError(code, { syscall: 'read' })))).toBe(true);
  });

  it('knows what a client has failed with while it connected, whatever that says', () => {
    const broken = pgError('EPIPE', { syscall: 'write' });
    expect(isConnectionLost(broken)).toBe(false);
    expect(isConnectionLost(unconnected(broken))).toBe(true);
  });

  it.each(['ECONNREFUSED', 'ENOENT', 'EHOSTUNREACH', 'ETIMEDOUT'])(
    'knows %s of connecting',
    (code) => {
      expect(isConnectionLost(pgError(code, { syscall: 'connect' }))).toBe(true);
    },
  );

  it.each([
    'Connection terminated unexpectedly',
    'Connection terminated due to connection timeout',
    'timeout exceeded when trying to connect',
    'Client has encountered a connection error and is not queryable',
  ])('knows the driver by its words: %s', (message) => {
    expect(isConnectionLost(new Error(message))).toBe(true);
    expect(isConnectionLost(wrapped(new Error(message)))).toBe(true);
  });

  it.each([
    ['a missing file', pgError('ENOENT', { syscall: 'open', path: '/x' })],
    ['a client that hung up', pgError('ECONNRESET', { syscall: 'read' })],
    ['a client that reads no more', pgError('EPIPE', { syscall: 'write' })],
    ['a broken constraint', wrapped(pgError('23505'))],
    ['a conflict', wrapped(pgError('40001'))],
    ['a cancelled statement', wrapped(pgError('57014'))],
  ])('does not take %s for one', (_what, error) => {
    expect(isConnectionLost(error)).toBe(false);
  });

  it('takes anything that is thrown', () => {
    expect(NEITHER.map(isConnectionLost)).toEqual(NEITHER.map(() => false));
  });
});

describe('brokenUniqueConstraint', () => {
  it('names the constraint, plain and wrapped', () => {
    const error = pgError('23505', { constraint: 'files_content_hash_key' });
    expect(brokenUniqueConstraint(error)).toBe('files_content_hash_key');
    expect(brokenUniqueConstraint(wrapped(error))).toBe('files_content_hash_key');
  });

  it.each([
    ['another constraint', pgError('23503', { constraint: 'files_fkey' })],
    ['a broken one without a name', pgError('23505')],
    ...NEITHER.map((error, index): [string, unknown] => [
      `value ${index} that is no such error`,
      error,
    ]),
  ])('names none for %s', (_what, error) => {
    expect(brokenUniqueConstraint(error)).toBeNull();
  });
});
