import type { Column } from '../../../../core/contracts/dataset-reader.contract.js';
import type { ExportFormat, ExportOptions } from '../../../export/export-formats.js';
import { orderSql } from '../../../filter/keyset.js';
import { resolveColumns, resolveOrder } from '../../../filter/order.js';
import type { Selection } from '../../../rows/selection.js';
import { EXPORTED_FILE } from '../../engine.types.js';
import { conditionOf, whereOf } from '../conditions.js';
import { toIndex } from '../row-index.js';
import type { Session } from '../session.js';
import { withTable, type OpenTable, type ReadParts, type TablePart } from '../tables.js';
import { writeRows, writtenColumn } from '../write-table.js';

export interface ExportTask {
  parts: TablePart[];
  selection: Selection;
  format: ExportFormat;
  options: ExportOptions;
}

/** Writes the rows into the session's export file. @returns rows */
export async function exportTable(
  session: Session,
  task: ExportTask,
): Promise<{ result: number } & ReadParts> {
  return await withTable(session, task.parts, false, async (table) => {
    const columns = task.selection.columns
      ? resolveColumns(task.selection.columns, table.columns)
      : table.columns;
    const { sql, parameters } = selectOf(table, columns, task);
    const { format, options } = task;
    return await writeRows(session, sql, parameters, { format, options, name: EXPORTED_FILE });
  });
}

function selectOf(
  table: OpenTable,
  columns: readonly Column[],
  { selection, ...written }: ExportTask,
): { sql: string; parameters: string[] } {
  const { sql: where, parameters } = whereOf(conditionOf(selection, table.columns));
  const order = resolveOrder(selection.order, table.columns);
  const sorted = order.length > 0 ? ` ORDER BY ${orderSql(order, toIndex(table))}` : '';
  const list = columns.map((column) => writtenColumn(column, written)).join(', ');
  // Only the place of a row tells rows of the same keys apart.
  const source = order.length > 0 ? table.sql : table.ordered;
  return { sql: `SELECT ${list} FROM ${source}${where}${sorted}`, parameters };
}
