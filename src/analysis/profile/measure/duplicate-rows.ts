import { quoteIdentifier, type ColumnStatistics } from '../../../tabular/index.js';
import type { DuplicateRows } from '../profile.types.js';
import { count, listOf, portion, type MeasuredTable } from './measured-table.js';

const EXAMPLES = 5;
const SHOWN_COLUMNS = 30;
const SHOWN_CHARACTERS = 200;
const SUSPECTS = 'profile_suspects';

/**
 * Rows that repeat an earlier one. Rows are grouped by a hash of 64 bits first, which keeps 16 bytes of
 * each; whole rows are compared only among those whose hash there is twice, so the result is exact.
 */
export async function findDuplicateRows(
  table: MeasuredTable,
  columns: readonly ColumnStatistics[],
  paths: readonly string[],
): Promise<DuplicateRows> {
  const { bench, name, rowCount } = table;
  const names = columns.map((column) => column.name);
  const shownColumns = names.slice(0, SHOWN_COLUMNS);
  const nothing = { ...portion(0, rowCount), groups: 0, examples: [], shownColumns };
  if (names.length === 0 || rowCount < 2) return nothing;
  const hash = `hash(${listOf(names)})`;
  await bench.run(
    `CREATE OR REPLACE TEMP TABLE ${SUSPECTS} AS SELECT ${hash} AS suspect FROM ${name}
     GROUP BY 1 HAVING count(*) > 1`,
  );
  const suspected = `${hash} IN (SELECT suspect FROM ${SUSPECTS})`;
  const [[groups, repeats] = []] = await bench.rows(
    `SELECT count(*), sum(n) - count(*) FROM (
       SELECT count(*) AS n FROM ${name} WHERE ${suspected} GROUP BY ${listOf(names)} HAVING n > 1)`,
  );
  if (count(groups) === 0) return nothing;
  const { numbered, fileIndex, rowIndex } = table;
  const shown = shownColumns.map(
    (column) => `left(CAST(${quoteIdentifier(column)} AS VARCHAR), ${SHOWN_CHARACTERS})`,
  );
  const examples = await bench.rows(
    `SELECT count(*), min({'f': ${fileIndex}, 'r': ${rowIndex}}).f, min({'f': ${fileIndex}, 'r': ${rowIndex}}).r,
       ${shown.join(', ')}
     FROM ${numbered} WHERE ${suspected} GROUP BY ${listOf(names)} HAVING count(*) > 1
     ORDER BY 1 DESC, 2, 3 LIMIT ${EXAMPLES}`,
  );
  return {
    ...portion(count(repeats), rowCount),
    groups: count(groups),
    examples: examples.map(([rows, file, row, ...cells]) => ({
      rows: count(rows),
      file: paths[count(file)] ?? '',
      rowIndex: count(row),
      cells: cells as (string | null)[],
    })),
    shownColumns,
  };
}
