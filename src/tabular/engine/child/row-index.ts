import type { OpenTable } from './tables.js';

/** More rows than a file has; small enough for the places of 1,000 files to stay whole numbers of JavaScript. */
const ROWS = 2 ** 42;

/** One number for a row of a table of several files, by which they are in order. */
export const toIndex = ({ fileIndex, rowIndex }: OpenTable): string =>
  fileIndex === '0' ? rowIndex : `(${fileIndex} * ${ROWS} + ${rowIndex})`;

export const placeOf = (index: number): { file: number; row: number } => ({
  file: Math.floor(index / ROWS),
  row: index % ROWS,
});
