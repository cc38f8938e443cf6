import type { Column } from '../../../../core/contracts/dataset-reader.contract.js';
import type { Json } from '../../../values/json-text.js';
import { rowJson } from '../../../values/row-json.js';
import { jsonConverter } from '../../../values/to-json.js';
import { isOfTable, toSqlError } from '../duckdb-errors.js';
import type { Session } from '../session.js';
import { createView, withTable, type ReadParts, type TablePart } from '../tables.js';

export interface QueryTask {
  tables: { name: string; parts: TablePart[] }[];
  sql: string;
  caps: { rows: number; bytes: number };
}

export interface QueryAnswer {
  columns: Column[];
  rows: Record<string, Json>[];
  rowCount: { value: number; kind: 'exact' | 'atLeast' };
  truncatedBy: 'rows' | 'bytes' | null;
}

/** Cells are not cut: a statement says how much of a value it wants. */
const WHOLE = Number.MAX_SAFE_INTEGER;

/**
 * Carries out a statement of which `sqlTables` has said that it is one SELECT on these tables. JSON of
 * `QueryAnswer`.
 */
export async function query(
  session: Session,
  task: QueryTask,
): Promise<{ result: string } & ReadParts> {
  const parts = task.tables.flatMap((table) => table.parts);
  let answer: string | null = null;
  // Tables are opened one within the other, so that a value that one was described wrongly for has it
  // described anew and the statement carried out again.
  const opened = async (place: number): Promise<ReadParts> => {
    const table = task.tables[place];
    if (!table) {
      answer = JSON.stringify(await carryOut(session, task, parts));
      return { descriptions: [], rejected: null };
    }
    const { result, descriptions } = await withTable(session, table.parts, false, async (open) => {
      await createView(session, table.name, open);
      return await opened(place + 1);
    });
    return { descriptions: [...descriptions, ...result.descriptions], rejected: null };
  };
  const found = await opened(0);
  return { ...found, result: answer ?? '' };
}

async function carryOut(
  { database }: Session,
  { sql, caps }: QueryTask,
  parts: readonly TablePart[],
): Promise<QueryAnswer> {
  try {
    const result = await database.stream(sql);
    const types = result.columnTypes();
    const columns = result
      .deduplicatedColumnNames()
      .map((name, place): Column => ({ name, type: String(types[place]) }));
    const rows: Record<string, Json>[] = [];
    let bytes = 0;
    for (
      let chunk = await result.fetchChunk();
      chunk?.rowCount;
      chunk = await result.fetchChunk()
    ) {
      for (const cells of chunk.convertRows(jsonConverter)) {
        const { row } = rowJson(columns, cells, WHOLE);
        bytes += JSON.stringify(row).length;
        if (rows.length === caps.rows || bytes > caps.bytes) {
          const truncatedBy = rows.length === caps.rows ? 'rows' : 'bytes';
          return { columns, rows, rowCount: { value: rows.length, kind: 'atLeast' }, truncatedBy };
        }
        rows.push(row);
      }
    }
    return { columns, rows, rowCount: { value: rows.length, kind: 'exact' }, truncatedBy: null };
  } catch (error) {
    throw isOfTable(error) ? error : toSqlError(error, parts);
  }
}
