import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { MAX_OUTPUTS } from './dto/split-parameters.dto.js';
import { checkSplit, piecesOf, valueNames } from './split-plan.js';

const sizesOf = (...args: Parameters<typeof piecesOf>): number[] =>
  piecesOf(...args).map(({ from, to }) => to - from);

describe('The pieces of a table', () => {
  it('have every row once, whatever the shares, and are off by less than one', () => {
    const weights = fc.array(fc.integer({ min: 1, max: 1000 }), { minLength: 1, maxLength: 9 });
    fc.assert(
      fc.property(weights, fc.integer({ min: 1, max: 1e9 }), (some, rows) => {
        const sum = some.reduce((a, b) => a + b, 0);
        const shares = Object.fromEntries(some.map((one, place) => [`p${place}`, one / sum]));
        const pieces = piecesOf({ shares }, rows);
        expect(pieces[0]?.from).toBe(0);
        expect(pieces.at(-1)?.to).toBe(rows);
        for (const [place, { name, from, to }] of pieces.entries()) {
          expect(from).toBe(pieces[place - 1]?.to ?? 0);
          expect(Math.abs(to - from - (shares[name] as number) * rows)).toBeLessThan(1);
        }
      }),
    );
  });

  it('are of so many rows, or so many files', () => {
    expect(sizesOf({ shares: { train: 0.8, test: 0.2 } }, 10)).toEqual([2, 8]);
    expect(sizesOf({ shares: { a: 0.7, b: 0.2, c: 0.1 } }, 10)).toEqual([7, 2, 1]);
    expect(sizesOf({ rowsPerFile: 4 }, 10)).toEqual([4, 4, 2]);
    expect(sizesOf({ files: 4 }, 10)).toEqual([3, 3, 2, 2]);
    expect(piecesOf({ files: 10 }, 10).map(({ name }) => name)).toContain('part-01');
  });

  it('are refused when there would be too many, or nothing in them', () => {
    expect(() => piecesOf({ rowsPerFile: 1 }, MAX_OUTPUTS + 1)).toThrow(/201 files/);
    expect(() => piecesOf({ files: 3 }, 2)).toThrow(/2 rows/);
    expect(() => piecesOf({ shares: { a: 1 } }, 0)).toThrow(/no rows/);
  });
});

describe('Shares', () => {
  const check = (shares: object) => () => checkSplit({ shares } as never);

  it('add up to 1, but for the last digits of doubles', () => {
    expect(check({ a: 0.7, b: 0.2, c: 0.1 })).not.toThrow();
    expect(
      check(Object.fromEntries(Array.from({ length: 7 }, (_, n) => [`s${n}`, 1 / 7]))),
    ).not.toThrow();
  });

  it.each([
    ['add up to less', { a: 0.8, b: 0.1 }],
    ['add up to more', { a: 0.8, b: 0.3 }],
    ['are none', {}],
    ['are no numbers', { a: '1' }],
    ['are not positive', { a: 1, b: 0 }],
    ['have the same name', { a: 0.5, A: 0.5 }],
    ['have a name that is a path', { '../a': 1 }],
  ])('that %s are refused', (_, shares) => {
    expect(check(shares)).toThrow();
  });
});

it('names files by values where those can be names, each once', () => {
  expect(valueNames(['a', 'A', null, 'null', 'x/y', '', 'part-1', 'ü'])).toEqual([
    'a',
    'part-2',
    'null',
    'part-4',
    'part-5',
    'part-6',
    'part-7',
    'ü',
  ]);
});
