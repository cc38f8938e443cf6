/** More rows in one statement would keep others waiting while they are made into its parameters. */
const ROWS = 5_000;

/** Very many rows, statement by statement. */
export function* chunksOf<T>(rows: readonly T[]): Generator<readonly T[]> {
  for (let start = 0; start < rows.length; start += ROWS) yield rows.slice(start, start + ROWS);
}
