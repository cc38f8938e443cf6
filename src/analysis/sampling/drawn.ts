import type { Population } from './population.js';

/** A sample that is decided, to be written. */
export interface Drawn {
  /** Stands after FROM: rows with their place `i`, the columns asked for, and `w`, for how many each stands. */
  from: string;
  /** Of `from`. */
  parameters: readonly string[];
  /** Rows that it was chosen from. */
  population: number;
  /** More that is worth telling, by its names in the metadata. */
  figures: Record<string, unknown>;
}

export interface Draw {
  population: Population;
  seed: number;
  /** Of the sample, as the population has them: `c3`. */
  columns: readonly string[];
}

/** The rows of the population whose places are in the table `chosen`, as often as they are there. */
export const chosenRows = ({ population, columns }: Draw): string =>
  `(SELECT ${['p.i', ...columns.map((column) => `p.${column}`), 'chosen.w'].join(', ')} ` +
  `FROM ${population.sql} AS p JOIN chosen ON p.i = chosen.i)`;
