import { quoteIdentifier, type Workbench } from '../../../tabular/index.js';

/** The table that is profiled, on a bench. */
export interface MeasuredTable {
  bench: Pick<Workbench, 'rows' | 'run'>;
  /** Views, quoted: with the columns alone, and with the places of rows as well. */
  name: string;
  numbered: string;
  /** Names of the columns of `numbered` that are places, quoted. */
  fileIndex: string;
  rowIndex: string;
  rowCount: number;
}

export type Cells = readonly (readonly unknown[])[];

export const listOf = (names: readonly string[]): string => names.map(quoteIdentifier).join(', ');

/** A count, which is a text where it is beyond 2^53. */
export const count = (cell: unknown): number => Number(cell ?? 0);

export const portion = (part: number, whole: number): { count: number; share: number } => ({
  count: part,
  share: whole === 0 ? 0 : part / whole,
});

/**
 * A figure in double precision, as far as it is the same whatever the order in which threads have added:
 * six decimals. `null` for what is none.
 */
export function figure(cell: unknown, decimals = 6): number | null {
  if (cell === null || cell === undefined) return null;
  const value = Number(cell);
  if (!Number.isFinite(value)) return null;
  const rounded = Number(value.toFixed(decimals));
  return rounded === 0 ? 0 : rounded;
}

/** Each with each, once. */
export const pairsOf = <T>(all: readonly T[]): [T, T][] =>
  all.flatMap((one, place) => all.slice(place + 1).map((other): [T, T] => [one, other]));
