import type { ColumnStatistics } from '../../../tabular/index.js';
import type { Profile } from '../profile.types.js';
import { findColumnDetails } from './column-details.js';
import { measureCorrelations } from './correlations.js';
import { findDuplicateRows } from './duplicate-rows.js';
import { findLikelyKeys } from './likely-keys.js';
import type { MeasuredTable } from './measured-table.js';
import { findMissingPatterns } from './missing-patterns.js';
import { findWarnings } from './warnings.js';

/** All that statistics do not say. @param paths of the files, by their place in the table */
export async function measureProfile(
  table: MeasuredTable,
  statistics: readonly ColumnStatistics[],
  paths: readonly string[],
  progress: (fraction: number, message: string) => void,
): Promise<Omit<Profile, 'source' | 'engineVersion'>> {
  const { rowCount } = table;
  progress(0.3, 'columns');
  const details = await findColumnDetails(table, statistics);
  const columns = statistics.map((column, place) =>
    Object.assign(column, { details: details[place] as (typeof details)[number] }),
  );
  progress(0.45, 'missing values');
  const missing = await findMissingPatterns(table, statistics);
  progress(0.55, 'correlations');
  const correlations = await measureCorrelations(table, statistics);
  progress(0.75, 'duplicates');
  const duplicates = await findDuplicateRows(table, statistics, paths);
  progress(0.85, 'keys');
  const keys = await findLikelyKeys(table, statistics);
  const cells = rowCount * columns.length;
  const gone = columns.reduce((sum, { nulls }) => sum + nulls.count, 0);
  return {
    rowCount,
    missingCells: { count: gone, share: cells === 0 ? 0 : gone / cells },
    columns,
    missing,
    correlations,
    duplicates,
    keys,
    warnings: findWarnings({ rowCount, columns, correlations, duplicates, keys }),
  };
}
