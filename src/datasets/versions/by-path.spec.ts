import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { byPath } from './by-path.js';

/** As the database compares: byte by byte. */
const expected = <T extends { path: string }>(items: readonly T[]): T[] =>
  items.toSorted((a, b) => Buffer.compare(Buffer.from(a.path), Buffer.from(b.path)));

describe('byPath', () => {
  it('sorts by the bytes of UTF-8, which is not the order of UTF-16', async () => {
    const items = ['z', '\u{1f388}', '\uff5e', 'ü', 'a/b', 'a-b', 'a', ''].map((path) => ({
      path,
    }));
    expect(await byPath(items)).toEqual(expected(items));
  });

  it('sorts any paths, more than one run of them, and keeps the order of equals', async () => {
    const paths = fc.array(fc.string({ unit: 'binary', maxLength: 3 }), { maxLength: 50 });
    await fc.assert(
      fc.asyncProperty(paths, async (some) => {
        const items = some.map((path, place) => ({ path, place }));
        expect(await byPath(items)).toEqual(expected(items));
      }),
    );
    const many = Array.from({ length: 17_001 }, (_, place) => ({
      path: `${(place * 7919) % 5003}`,
      place,
    }));
    expect(await byPath(many)).toEqual(expected(many));
  });
});
