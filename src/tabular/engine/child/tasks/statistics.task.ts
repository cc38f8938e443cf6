import { computeStatistics } from '../../../statistics/compute-statistics.js';
import type { Session } from '../session.js';
import { isColumnar, withTable, type ReadParts, type TablePart } from '../tables.js';

/** JSON of `TableStatisticsDto`. */
export async function statistics(
  session: Session,
  { parts }: { parts: TablePart[] },
): Promise<{ result: string } & ReadParts> {
  return await withTable(session, parts, true, async (table) => {
    const isCopied = !parts.every(({ description }) => isColumnar(description));
    const { unnumbered: sql, rowIndex, columns } = table;
    const relation = { sql, rowIndex };
    return JSON.stringify(
      await computeStatistics(session.database, relation, columns, { isCopied }),
    );
  });
}
