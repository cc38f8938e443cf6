import { rmSync } from 'node:fs';
import { quoteIdentifier, quoteLiteral } from '../../../values/quote.js';
import type { Session } from '../session.js';
import { canBeStaged, placeColumn, stagedSelect } from '../staged-table.js';
import { describePart, withTable, type ReadParts, type TablePart } from '../tables.js';

export interface StageTask {
  part: TablePart;
  /** Of the file, in the session's folder. */
  name: string;
}

/**
 * Writes all rows of one content as Parquet, in their order; with patches over them also their places.
 * @returns rows; `null`: Parquet can't hold them, or they are in Parquet, as the content turns out to be
 */
export async function stage(
  session: Session,
  { part: given, name }: StageTask,
): Promise<{ result: number | null } & ReadParts> {
  const found = await describePart(session, given);
  const part = { ...given, description: found };
  if (found.format === 'parquet' && !part.patches) {
    return { result: null, descriptions: [found], rejected: null };
  }
  const done = await withTable(session, [part], true, async (table) => {
    if (!canBeStaged(table.columns)) return null;
    const { rowIndex, columns } = table;
    const place = part.patches ? `${rowIndex} AS ${quoteIdentifier(placeColumn(columns))}, ` : '';
    const source = part.patches ? `${table.sql} ORDER BY ${rowIndex}` : table.unnumbered;
    const path = `${session.folder}/${name}`;
    // What an earlier try has left.
    rmSync(path, { force: true });
    const [[rows]] = (await session.database.all(
      `COPY (SELECT ${place}${stagedSelect(table.columns)} FROM ${source}) TO ${quoteLiteral(path)}
       (FORMAT parquet, COMPRESSION snappy, USE_TMP_FILE false)`,
    )) as [[bigint]];
    return Number(rows);
  });
  const [description] = done.descriptions;
  if (description && done.result !== null && !part.patches) description.rowCount = done.result;
  return done;
}
