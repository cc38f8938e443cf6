import { rmSync } from 'node:fs';
import type { LocalContent } from '../../../../core/contracts/dataset-reader.contract.js';
import {
  MAX_PATCHED_ROWS,
  MAX_PATCHES,
  type PatchCounts,
  type RowPatch,
} from '../../../../core/contracts/row-patches.contract.js';
import { PatchTooLargeError } from '../../../../core/errors/index.js';
import { PatchImpossibleError } from '../../../tabular.errors.js';
import { quoteLiteral } from '../../../values/quote.js';
import { PATCH_FILE } from '../../engine.types.js';
import { foldSql } from '../patches/patch-file.js';
import { PatchTables } from '../patches/patch-tables.js';
import type { Session } from '../session.js';
import { canBeStaged } from '../staged-table.js';
import { withTable, type OpenTable, type ReadParts, type TablePart } from '../tables.js';

export interface PatchTask {
  part: TablePart;
  patch: RowPatch;
  /** Rows of the patches that are there, and where these are among the session's contents, oldest first. */
  before: { rows: number; contents: number[] };
}

export interface MadePatch {
  counts: PatchCounts;
  isFold: boolean;
}

/** Writes a patch of a table into the session's file, or what all of its patches come to. */
export async function patch(
  session: Session,
  task: PatchTask,
): Promise<{ result: MadePatch } & ReadParts> {
  return await withTable(session, [task.part], false, async (table) => {
    if (!canBeStaged(table.columns)) {
      throw new PatchImpossibleError(
        'It has columns of types that a patch can not hold, or one called file_row_number.',
      );
    }
    return await make(session, task, table);
  });
}

async function make(session: Session, task: PatchTask, table: OpenTable): Promise<MadePatch> {
  const { patch: given, before } = task;
  const tables = new PatchTables(session, given, table);
  await tables.load();
  await tables.check();
  const rows = given.upserts.length + given.deletes.length;
  const isFold = before.contents.length >= MAX_PATCHES || before.rows + rows > MAX_PATCHED_ROWS;
  if (!isFold) return { counts: await write(session, tables.entries, PATCH_FILE), isFold };
  const own = 'own.parquet';
  await write(session, tables.entries, own);
  const paths = before.contents.map((place) => (session.contents[place] as LocalContent).path);
  const all = foldSql([...paths, `${session.folder}/${own}`], given.key);
  const counts = await write(
    session,
    `SELECT op, new, old FROM (${all}) ORDER BY placed NULLS FIRST, coalesce(new, old)`,
    PATCH_FILE,
  );
  if (counts.inserts + counts.updates + counts.deletes > MAX_PATCHED_ROWS) {
    throw new PatchTooLargeError('All patches of a file together', MAX_PATCHED_ROWS);
  }
  return { counts, isFold };
}

/** A replaced row counts as an update: there are as many rows as before. */
async function write(session: Session, select: string, name: string): Promise<PatchCounts> {
  const path = `${session.folder}/${name}`;
  // A file of its own for each try: the parent reads the one that it began with.
  rmSync(path, { force: true });
  await session.database.run(
    `COPY (${select}) TO ${quoteLiteral(path)} (FORMAT parquet, COMPRESSION zstd, USE_TMP_FILE false)`,
  );
  const counted = (await session.database.all(
    `SELECT op, count(*) FROM read_parquet(${quoteLiteral(path)}) GROUP BY op`,
  )) as [string, bigint][];
  const of = (...ops: string[]): number =>
    counted.reduce((sum, [op, count]) => sum + (ops.includes(op) ? Number(count) : 0), 0);
  return { inserts: of('insert'), updates: of('update', 'replace'), deletes: of('delete') };
}
