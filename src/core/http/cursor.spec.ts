import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { CursorMismatchError } from '../errors/index.js';
import { decodeCursor, encodeCursor, pageOf } from './cursor.js';

const LIST = 'GET /v1/files';
const FILTERS = { principalId: 'p', contentHash: 'sha256:00' };
const isInteger = (key: unknown): key is number => Number.isInteger(key);
const isAnything = (_key: unknown): _key is unknown => true;

describe('cursors', () => {
  it('begin at the first page without one', () => {
    expect(decodeCursor(undefined, LIST, FILTERS, isInteger)).toBeNull();
  });

  it('give back the key that they were made of, and fit into a URL as they are', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (key) => {
        const cursor = encodeCursor(key, LIST, FILTERS);
        expect(encodeURIComponent(cursor)).toBe(cursor);
        expect(decodeCursor(cursor, LIST, FILTERS, isAnything)).toEqual(
          JSON.parse(JSON.stringify(key)),
        );
      }),
      { seed: 1 },
    );
  });

  it('do not depend on the order in which filters are named, nor on those that are absent', () => {
    const cursor = encodeCursor(7, LIST, { a: 1, b: undefined, c: 'x' });
    expect(decodeCursor(cursor, LIST, { c: 'x', a: 1 }, isInteger)).toBe(7);
  });

  it.each([
    ['another list', 'GET /v1/datasets', FILTERS],
    ['another value of a filter', LIST, { ...FILTERS, contentHash: 'sha256:01' }],
    ['one filter more', LIST, { ...FILTERS, prefix: '' }],
    ['one filter less', LIST, { principalId: 'p' }],
    ['another principal', LIST, { ...FILTERS, principalId: 'q' }],
  ])('are refused by %s', (_what, list, filters) => {
    const cursor = encodeCursor(7, LIST, FILTERS);
    expect(() => decodeCursor(cursor, list, filters, isInteger)).toThrow(CursorMismatchError);
  });

  it('are refused when their key is of another kind', () => {
    const cursor = encodeCursor('seven', LIST, FILTERS);
    expect(() => decodeCursor(cursor, LIST, FILTERS, isInteger)).toThrow(CursorMismatchError);
  });

  it('are refused when any character of them was changed, dropped or added', () => {
    const cursor = encodeCursor(1_234_567, LIST, FILTERS);
    const damaged = Array.from(cursor).flatMap((character, index) => {
      const [before, after] = [cursor.slice(0, index), cursor.slice(index + 1)];
      const other = character === 'A' ? 'B' : 'A';
      return [`${before}${other}${after}`, `${before}${after}`, `${before}${character}!${after}`];
    });
    for (const text of [...damaged, `${cursor}=`, ` ${cursor}`, cursor.slice(0, -4)]) {
      expect(() => decodeCursor(text, LIST, FILTERS, isInteger)).toThrow(CursorMismatchError);
    }
  });

  it('are refused with another key under the old checksum', () => {
    const [checksum] = JSON.parse(
      Buffer.from(encodeCursor(7, LIST, FILTERS), 'base64url').toString(),
    ) as [string, number];
    const forged = Buffer.from(JSON.stringify([checksum, 8])).toString('base64url');
    expect(() => decodeCursor(forged, LIST, FILTERS, isInteger)).toThrow(CursorMismatchError);
  });

  it('are refused when they are any other text, and with no other error', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.base64String(),
          fc.json().map((json) => Buffer.from(json).toString('base64url')),
          fc.constantFrom('', 'bnVsbA', 'W10', 'e30', 'MQ'),
        ),
        (text) => {
          expect(() => decodeCursor(text, LIST, FILTERS, isAnything)).toThrow(CursorMismatchError);
        },
      ),
      { seed: 2 },
    );
  });
});

describe('pageOf', () => {
  it.each([
    [0, 0, null],
    [1, 1, null],
    [3, 3, null],
    // One row more than the page tells that there is another page; it begins after the last shown.
    [4, 3, 'after 2'],
  ])(
    'of %i rows at a limit of 3 shows %i and ends with the cursor %s',
    (rows, shown, nextCursor) => {
      const page = pageOf(
        Array.from({ length: rows }, (_, row) => row),
        3,
        (last) => `after ${last}`,
      );
      expect(page).toEqual({ items: Array.from({ length: shown }, (_, row) => row), nextCursor });
    },
  );
});
