import { AllocationImpossibleError } from './sampling.errors.js';

/**
 * How many of `rows` fall to each stratum in proportion to its population, by largest remainders
 * (Hamilton's method): the whole parts of rows·Nₕ/N, and one more for those with the largest remainders; of
 * equal ones the earlier. A stratum whose share is below its minimum gets the minimum, and the others share
 * what is left. In whole numbers, so that nothing depends on rounding.
 * @param populations without zeros; their sum is at least `rows` where no row is chosen twice, and no share
 *   is larger than its stratum then
 * @param minimum of each stratum, or all of a smaller one
 * @throws AllocationImpossibleError
 */
export function allocate(rows: number, populations: readonly number[], minimum: number): number[] {
  const minima = populations.map((population) => Math.min(minimum, population));
  const least = sum(minima);
  if (least > rows) throw new AllocationImpossibleError(least, rows);
  const sizes = [...minima];
  let free = populations.map((_, stratum) => stratum);
  for (;;) {
    const left = rows - (least - sum(free.map((stratum) => minima[stratum] ?? 0)));
    const all = sum(free.map((stratum) => populations[stratum] ?? 0));
    const isAbove = (stratum: number): boolean =>
      BigInt(left) * BigInt(populations[stratum] ?? 0) >=
      BigInt(minima[stratum] ?? 0) * BigInt(all);
    const above = free.filter(isAbove);
    if (above.length === free.length) {
      const shares = largestRemainders(
        left,
        free.map((stratum) => populations[stratum] ?? 0),
      );
      free.forEach((stratum, at) => (sizes[stratum] = shares[at] ?? 0));
      return sizes;
    }
    free = above;
  }
}

function largestRemainders(rows: number, populations: readonly number[]): number[] {
  const all = BigInt(sum(populations));
  if (all === 0n) return [];
  const quotas = populations.map((population) => BigInt(rows) * BigInt(population));
  const sizes = quotas.map((quota) => Number(quota / all));
  const byRemainder = quotas
    .map((quota, stratum) => ({ stratum, remainder: quota % all }))
    .sort((a, b) =>
      a.remainder === b.remainder ? a.stratum - b.stratum : a.remainder > b.remainder ? -1 : 1,
    );
  for (const { stratum } of byRemainder.slice(0, rows - sum(sizes))) {
    sizes[stratum] = (sizes[stratum] ?? 0) + 1;
  }
  return sizes;
}

const sum = (numbers: readonly number[]): number =>
  numbers.reduce((total, number) => total + number, 0);
