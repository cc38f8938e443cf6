/**
 * Tables of bad input. In `npm test` every class of input is tried, on every place that takes it, a few
 * times; `npm run test:long` (`TABLES=full`) tries the counts that docs/security.md promises.
 */
export const IS_FULL = process.env['TABLES'] === 'full';

/** Another seed tries other combinations; the same one repeats a run. */
export const SEED = Number(process.env['TABLES_SEED'] ?? 20261127);

/** So many of these, or all of them in the long form. */
export function some<T>(count: number, of: readonly T[]): T[] {
  return IS_FULL ? [...of] : shuffled(of).slice(0, count);
}

/** In an order that the seed decides. */
export function shuffled<T>(items: readonly T[], seed = SEED): T[] {
  const next = random(seed);
  return items
    .map((item) => ({ item, at: next() }))
    .sort((a, b) => a.at - b.at)
    .map(({ item }) => item);
}

/** Numbers in [0, 1) that a seed decides (mulberry32). */
export function random(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
