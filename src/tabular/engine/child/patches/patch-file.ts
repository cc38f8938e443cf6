import type { Column } from '../../../../core/contracts/dataset-reader.contract.js';
import { quoteIdentifier, quoteLiteral } from '../../../values/quote.js';
import { KEPT_AS_TEXT } from '../staged-table.js';

/*
 * A patch is a Parquet file of three columns, a row for each row that it changes:
 *
 *   op    insert    a new last row
 *         update    a row that stays where it is
 *         delete
 *         replace   a row goes from its place, and one with its key becomes a new last row
 *   new   STRUCT of the table's columns: the row as it becomes; null for delete
 *   old   the same as it was; null for insert
 *
 * `old` is what lets two versions be compared by their patches alone.
 */

/** SQL of a struct that is a row, from expressions of its columns; in types that Parquet has. */
export const rowStruct = (columns: readonly Column[], valueOf: (place: number) => string): string =>
  `struct_pack(${columns
    .map(({ name, type }, place) => {
      const value = valueOf(place);
      const kept = KEPT_AS_TEXT.test(type) ? `CAST(${value} AS VARCHAR)` : value;
      return `${quoteIdentifier(name)} := ${kept}`;
    })
    .join(', ')})`;

/** SQL of a column of such a struct, in the table's type. */
export const fieldOf = (struct: string, { name, type }: Column): string =>
  `CAST(struct_extract(${struct}, ${quoteLiteral(name)}) AS ${type})`;

/** More rows than a patch has. */
const ROWS = 2 ** 32;

/** The same of patches that are files. */
export const foldSql = (paths: readonly string[], key: readonly string[]): string =>
  foldRows(
    paths.map((path) => ({
      sql: `read_parquet(${quoteLiteral(path)}, file_row_number = true)`,
      rowIndex: 'file_row_number',
    })),
    key,
  );

/**
 * SELECT of what patches come to together, oldest first: `op`, `new`, `old` as above, once for each key, and
 * `placed`, by which those are in order that become last rows.
 */
export function foldRows(
  patches: readonly { sql: string; rowIndex: string }[],
  key: readonly string[],
): string {
  const entries = patches.map(
    ({ sql, rowIndex }, place) =>
      `SELECT ${place} * ${ROWS} + ${rowIndex} AS n, op, new, old FROM ${sql}`,
  );
  const keys = key.map((name) => `struct_extract(coalesce(new, old), ${quoteLiteral(name)})`);
  return `
    SELECT
      CASE WHEN last = 'delete' THEN 'delete' WHEN first = 'insert' THEN 'insert'
        WHEN placed IS NULL THEN 'update' ELSE 'replace' END AS op,
      CASE WHEN last <> 'delete' THEN new END AS new,
      CASE WHEN first <> 'insert' THEN old END AS old,
      CASE WHEN last <> 'delete' THEN placed END AS placed
    FROM (
      SELECT arg_min(op, n) AS first, arg_max(op, n) AS last, arg_min(old, n) AS old,
        arg_max(new, n) AS new, max(n) FILTER (op IN ('insert', 'replace')) AS placed
      FROM (${entries.join(' UNION ALL ')}) GROUP BY ${keys.join(', ')})
    WHERE NOT (first = 'insert' AND last = 'delete')`;
}
