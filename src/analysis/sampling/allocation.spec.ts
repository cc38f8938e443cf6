import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { allocate } from './allocation.js';
import { AllocationImpossibleError } from './sampling.errors.js';

const sum = (numbers: readonly number[]): number => numbers.reduce((a, b) => a + b, 0);

/** Seats by largest remainders, dealt one by one, by exact comparison of what each is short of. */
function dealt(rows: number, populations: readonly number[]): number[] {
  const all = BigInt(sum(populations));
  const quota = populations.map((population) => BigInt(population) * BigInt(rows));
  const sizes = populations.map(() => 0);
  const short = (at: number): bigint => (quota[at] ?? 0n) - BigInt(sizes[at] ?? 0) * all;
  for (let row = 0; row < rows; row += 1) {
    let best = 0;
    populations.forEach((_, at) => {
      const isFull = short(at) >= all;
      if (isFull !== short(best) >= all ? isFull : short(at) > short(best)) best = at;
    });
    sizes[best] = (sizes[best] ?? 0) + 1;
  }
  return sizes;
}

const strata = fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 8 });

describe('An allocation', () => {
  it('is in proportion', () => {
    expect(allocate(10, [50, 30, 20], 0)).toEqual([5, 3, 2]);
    expect(allocate(1, [1, 1, 1], 0)).toEqual([1, 0, 0]);
    expect(allocate(7, [3, 3, 1], 0)).toEqual([3, 3, 1]);
    expect(allocate(2 ** 40, [2 ** 51, 2 ** 50, 1], 0)).toEqual([733007751851, 366503875925, 0]);
  });

  it('gives the minimum first, of which the larger strata bear the cost', () => {
    expect(allocate(10, [1000, 10, 1], 2)).toEqual([7, 2, 1]);
    expect(allocate(12, [600, 300, 10, 10], 2)).toEqual([5, 3, 2, 2]);
  });

  it('is impossible where the minima are more than the rows', () => {
    expect(() => allocate(5, [10, 10, 1], 3)).toThrow(AllocationImpossibleError);
  });

  it('is the one of largest remainders', () => {
    fc.assert(
      fc.property(strata, fc.integer({ min: 1, max: 200 }), (populations, asked) => {
        const rows = Math.min(asked, sum(populations));
        expect(allocate(rows, populations, 0)).toEqual(dealt(rows, populations));
      }),
    );
  });

  it('has all rows, no stratum below its minimum or above its population, and larger ones no fewer', () => {
    fc.assert(
      fc.property(strata, fc.nat(200), fc.nat(5), (populations, asked, minimum) => {
        const minima = populations.map((population) => Math.min(population, minimum));
        const rows = Math.min(Math.max(asked, sum(minima), 1), sum(populations));
        const sizes = allocate(rows, populations, minimum);
        expect(sum(sizes)).toBe(rows);
        sizes.forEach((size, at) => {
          expect(size).toBeGreaterThanOrEqual(minima[at] ?? 0);
          expect(size).toBeLessThanOrEqual(populations[at] ?? 0);
          populations.forEach((population, other) => {
            if (population > (populations[at] ?? 0))
              expect(sizes[other]).toBeGreaterThanOrEqual(size);
          });
        });
      }),
    );
  });
});
