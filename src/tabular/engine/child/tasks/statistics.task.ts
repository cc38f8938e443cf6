import { computeStatistics } from '../../../statistics/compute-statistics.js';
import type { Session } from '../session.js';
import { isColumnar, withTable, type ReadParts, type TablePart } from '../tables.js';
import { stage } from './stage.task.js';

export interface StatisticsTask {
  parts: TablePart[];
  /**
   * They take several scans: of text, the first makes Parquet for the others, and for what comes later.
   * Names of these files in the session's folder; `null`: the part is read as it is.
   */
  stagedAs: (string | null)[];
}

/** JSON of `TableStatisticsDto`, and which of the files have been made. */
export async function statistics(
  session: Session,
  { parts, stagedAs }: StatisticsTask,
): Promise<{ result: string; staged: string[] } & ReadParts> {
  const made: (StagedPart | null)[] = [];
  for (const [place, part] of parts.entries()) {
    const name = stagedAs[place];
    made.push(name ? await stagedPart(session, part, name) : null);
  }
  const read = parts.map((part, place) => made[place]?.part ?? part);
  const { result, descriptions, rejected } = await withTable(session, read, true, async (table) => {
    const isCopied = !read.every(({ description }) => isColumnar(description));
    const { unnumbered: sql, rowIndex, columns } = table;
    const relation = { sql, rowIndex };
    return JSON.stringify(
      await computeStatistics(session.database, relation, columns, { isCopied }),
    );
  });
  return {
    result,
    staged: made.flatMap((one) => one?.name ?? []),
    // Of what was staged it is the staging that has read it.
    descriptions: descriptions.map((found, place) => made[place]?.found.descriptions[0] ?? found),
    rejected: rejected?.map((found, place) => made[place]?.found.rejected?.[0] ?? found) ?? null,
  };
}

interface StagedPart {
  part: TablePart;
  found: ReadParts;
  /** `null`: it is read as it is after all. */
  name: string | null;
}

async function stagedPart(session: Session, part: TablePart, name: string): Promise<StagedPart> {
  const { patches, ...plain } = part;
  const { result, ...found } = await stage(session, { part: plain, name });
  const [description = null] = found.descriptions;
  if (result === null || !description) return { part: { ...part, description }, found, name: null };
  const content = await session.addWritten(name);
  const staged = { ...part, content, description: { ...description, format: 'staged' } };
  return { part: staged, found, name };
}
