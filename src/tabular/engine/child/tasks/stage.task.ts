import { rmSync } from 'node:fs';
import { quoteLiteral } from '../../../values/quote.js';
import { STAGED_FILE } from '../../engine.types.js';
import type { Session } from '../session.js';
import { canBeStaged, stagedSelect } from '../staged-table.js';
import { withTable, type ReadParts, type TablePart } from '../tables.js';

/** Writes all rows of one content as Parquet, in their order. @returns rows; `null`: Parquet can't hold them */
export async function stage(
  session: Session,
  { part }: { part: TablePart },
): Promise<{ result: number | null } & ReadParts> {
  const done = await withTable(session, [part], true, async (table) => {
    if (!canBeStaged(table.columns)) return null;
    const path = `${session.folder}/${STAGED_FILE}`;
    // A file of its own for each try: the parent reads the one that it began with.
    rmSync(path, { force: true });
    const [[rows]] = (await session.database.all(
      `COPY (SELECT ${stagedSelect(table.columns)} FROM ${table.unnumbered}) TO ${quoteLiteral(path)}
       (FORMAT parquet, COMPRESSION snappy, USE_TMP_FILE false)`,
    )) as [[bigint]];
    return Number(rows);
  });
  const [description] = done.descriptions;
  if (description && done.result !== null) description.rowCount = done.result;
  return done;
}
