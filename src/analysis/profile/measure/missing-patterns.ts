import { quoteIdentifier, type ColumnStatistics } from '../../../tabular/index.js';
import type { MissingPatterns } from '../profile.types.js';
import { count, portion, type MeasuredTable } from './measured-table.js';

/** Bits of a BIGINT that a combination is written in. */
const MAX_COLUMNS = 60;
const MAX_PATTERNS = 20;

/** Which cells are missing together: one scan, whatever the number of combinations. */
export async function findMissingPatterns(
  { bench, name, rowCount }: MeasuredTable,
  columns: readonly ColumnStatistics[],
): Promise<MissingPatterns> {
  const lacking = columns.filter(({ nulls }) => nulls.count > 0);
  const most = lacking.toSorted((a, b) => b.nulls.count - a.nulls.count).slice(0, MAX_COLUMNS);
  const looked = lacking.filter((column) => most.includes(column)).map((column) => column.name);
  const leftOut = lacking.length - looked.length;
  if (looked.length === 0) {
    const all = portion(rowCount, rowCount);
    const patterns = rowCount === 0 ? [] : [{ missing: [], ...all }];
    return { columns: [], leftOut, completeRows: all, patternCount: patterns.length, patterns };
  }
  const bits = looked.map(
    (column, place) => `(${quoteIdentifier(column)} IS NULL)::BIGINT * ${2n ** BigInt(place)}`,
  );
  const found = await bench.rows(
    `WITH patterns AS (
       SELECT ${bits.join(' + ')} AS bits, count(*) AS n FROM ${name} GROUP BY 1)
     SELECT CAST(bits AS VARCHAR), n, count(*) OVER (), sum(n) FILTER (bits = 0) OVER ()
     FROM patterns ORDER BY n DESC, bits LIMIT ${MAX_PATTERNS}`,
  );
  return {
    columns: looked,
    leftOut,
    completeRows: portion(count(found[0]?.[3]), rowCount),
    patternCount: count(found[0]?.[2]),
    patterns: found.map(([pattern, rows]) => ({
      missing: looked.filter((_, place) => (BigInt(pattern as string) >> BigInt(place)) & 1n),
      ...portion(count(rows), rowCount),
    })),
  };
}
