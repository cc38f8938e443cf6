import { among, matching, type Population } from './population.js';

/** A sample that is decided, to be written. */
export interface Drawn {
  /** Stands after FROM: rows with their place `i`, the columns asked for, and `w`, for how many each stands. */
  from: string;
  /** Of `from`; default: none. */
  parameters?: readonly string[];
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

/**
 * Takes the rows that belong to a row of the table `chosen`, as often as they do, in one scan.
 * @param by columns of the population, and those of `chosen` that are equal to them
 * @returns what stands after FROM
 */
export async function pick(
  { population, columns }: Draw,
  by: readonly [string, string][],
): Promise<string> {
  const kept = new Set(['i', ...columns, ...by.map(([own]) => own)]);
  await population.run(
    `CREATE TEMP TABLE picked AS SELECT ${[...kept].join(', ')} FROM ${population.sql} WHERE ${among(by, 'chosen')}`,
  );
  const list = ['p.i', ...columns.map((column) => `p.${column}`), 'chosen.w'].join(', ');
  return `(SELECT ${list} FROM picked AS p JOIN chosen ON ${matching('p', 'chosen', by)})`;
}
