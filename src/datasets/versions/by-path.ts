import { createPace } from '../../core/pace.js';

/** So many are sorted at once; more are merged from sorted runs, which can be paused. */
const RUN = 5000;

interface Keyed<T> {
  key: string;
  item: T;
}

/**
 * In the order of the bytes of their paths, as the database has it. The order is made of keys that
 * are computed once: in Latin-1 every byte is a character, and characters compare as bytes do.
 */
export async function byPath<T extends { path: string }>(items: readonly T[]): Promise<T[]> {
  const pace = createPace();
  let runs: Keyed<T>[][] = [];
  for (let start = 0; start < items.length; start += RUN) {
    const run = items.slice(start, start + RUN).map((item) => ({
      key: Buffer.from(item.path).toString('latin1'),
      item,
    }));
    runs.push(run.sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0)));
    await pace();
  }
  while (runs.length > 1) {
    const merged: Keyed<T>[][] = [];
    for (let index = 0; index < runs.length; index += 2) {
      merged.push(await merge(runs[index] as Keyed<T>[], runs[index + 1] ?? [], pace));
    }
    runs = merged;
  }
  return (runs[0] ?? []).map(({ item }) => item);
}

/** Of equals the left one first, so that the sort is stable. */
async function merge<T>(
  left: readonly Keyed<T>[],
  right: readonly Keyed<T>[],
  pace: () => Promise<void> | undefined,
): Promise<Keyed<T>[]> {
  const merged: Keyed<T>[] = [];
  let [l, r] = [0, 0];
  while (l < left.length || r < right.length) {
    const [a, b] = [left[l], right[r]];
    const takesLeft = b === undefined || (a !== undefined && a.key <= b.key);
    merged.push((takesLeft ? a : b) as Keyed<T>);
    if (takesLeft) l += 1;
    else r += 1;
    if (merged.length % RUN === 0) await pace();
  }
  return merged;
}
