import type { Column } from '../../core/contracts/dataset-reader.contract.js';

export interface Drift {
  /** Paths of the files that are one table. */
  together: string[];
  /** Of the others, how they differ, for people. */
  differences: { path: string; details: string[] }[];
}

const signature = (columns: readonly Column[]): string =>
  JSON.stringify(columns.map(({ name, type }) => [name, type]));

export function findDrift(tables: readonly { path: string; columns: Column[] }[]): Drift {
  const counts = new Map<string, string[]>();
  for (const { path, columns } of tables) {
    const key = signature(columns);
    counts.set(key, [...(counts.get(key) ?? []), path]);
  }
  const together = [...counts.values()].reduce((a, b) => (b.length > a.length ? b : a));
  const differences = tables
    .filter(({ path }) => !together.includes(path))
    .map(({ path }) => ({ path, details: ['Its columns differ.'] }));
  return { together, differences };
}
