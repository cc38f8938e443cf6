/** What a profile says, worked out from rows in plain TypeScript. */

type Cell = string | number | null;
export type Row = Readonly<Record<string, Cell>>;

export function pearson(xs: readonly number[], ys: readonly number[]): number {
  const mean = (of: readonly number[]): number => of.reduce((a, b) => a + b, 0) / of.length;
  const [mx, my] = [mean(xs), mean(ys)];
  let [xy, xx, yy] = [0, 0, 0];
  xs.forEach((x, place) => {
    const [dx, dy] = [x - mx, (ys[place] as number) - my];
    xy += dx * dy;
    xx += dx * dx;
    yy += dy * dy;
  });
  return xy / Math.sqrt(xx * yy);
}

/** Of equal values the mean of their places. */
function ranks(values: readonly number[]): number[] {
  const sorted = values.map((value, place) => ({ value, place })).sort((a, b) => a.value - b.value);
  const found: number[] = [];
  for (let start = 0; start < sorted.length;) {
    let end = start;
    while (sorted[end]?.value === sorted[start]?.value) end += 1;
    for (const { place } of sorted.slice(start, end)) found[place] = (start + end - 1) / 2;
    start = end;
  }
  return found;
}

export const spearman = (xs: readonly number[], ys: readonly number[]): number =>
  pearson(ranks(xs), ranks(ys));

export function cramersV(as: readonly string[], bs: readonly string[]): number {
  const [of, kinds] = [
    (list: readonly string[], one: string) => list.filter((x) => x === one).length,
    (list: readonly string[]) => [...new Set(list)],
  ];
  let chi = 0;
  for (const a of kinds(as)) {
    for (const b of kinds(bs)) {
      const seen = as.filter((one, place) => one === a && bs[place] === b).length;
      const expected = (of(as, a) * of(bs, b)) / as.length;
      chi += (seen - expected) ** 2 / expected;
    }
  }
  return Math.sqrt(chi / as.length / (Math.min(kinds(as).length, kinds(bs).length) - 1));
}

/** Of the rows that have both. */
export function paired<T extends Cell>(rows: readonly Row[], a: string, b: string): [T[], T[]] {
  const both = rows.filter((row) => row[a] !== null && row[b] !== null);
  return [both.map((row) => row[a] as T), both.map((row) => row[b] as T)];
}

export function repeatsOf(rows: readonly Row[]): { count: number; groups: number } {
  const counts = countsOf(rows.map((row) => JSON.stringify(row)));
  const repeated = [...counts.values()].filter((count) => count > 1);
  return { count: repeated.reduce((sum, count) => sum + count - 1, 0), groups: repeated.length };
}

export function patternsOf(rows: readonly Row[]): Record<string, number> {
  const missing = rows.map((row) =>
    Object.keys(row)
      .filter((name) => row[name] === null)
      .join(),
  );
  return Object.fromEntries(countsOf(missing));
}

export const isKey = (rows: readonly Row[], names: readonly string[]): boolean =>
  rows.every((row) => names.every((name) => row[name] !== null)) &&
  new Set(rows.map((row) => JSON.stringify(names.map((name) => row[name])))).size === rows.length;

function countsOf(texts: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const text of texts) counts.set(text, (counts.get(text) ?? 0) + 1);
  return counts;
}
