import { rmSync } from 'node:fs';
import type { Column } from '../../../../core/contracts/dataset-reader.contract.js';
import type { ExportFormat, ExportOptions } from '../../../export/export-formats.js';
import { orderSql } from '../../../filter/keyset.js';
import { resolveColumns, resolveOrder } from '../../../filter/order.js';
import type { Selection } from '../../../rows/selection.js';
import { quoteIdentifier, quoteLiteral } from '../../../values/quote.js';
import { EXPORTED_FILE } from '../../engine.types.js';
import { writeArrow } from '../arrow-export.js';
import { conditionOf, whereOf } from '../conditions.js';
import { toIndex } from '../row-index.js';
import type { Session } from '../session.js';
import { withTable, type OpenTable, type ReadParts, type TablePart } from '../tables.js';

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
    const path = `${session.folder}/${EXPORTED_FILE}`;
    // A file of its own for each try: the parent reads the one that it began with.
    rmSync(path, { force: true });
    const { format, options } = task;
    if (format === 'arrow') {
      return await writeArrow(await session.database.stream(sql, parameters), path);
    }
    const [[rows]] = (await session.database.all(
      `COPY (${sql}) TO ${quoteLiteral(path)} (${copyOptions(format, options)}, USE_TMP_FILE false)`,
      parameters,
    )) as [[bigint]];
    return Number(rows);
  });
}

function selectOf(
  table: OpenTable,
  columns: readonly Column[],
  { selection, format, options }: ExportTask,
): { sql: string; parameters: string[] } {
  const { sql: where, parameters } = whereOf(conditionOf(selection, table.columns));
  const order = resolveOrder(selection.order, table.columns);
  const sorted = order.length > 0 ? ` ORDER BY ${orderSql(order, toIndex(table))}` : '';
  const list = columns.map((column) => exported(column, format, options)).join(', ');
  // Only the place of a row tells rows of the same keys apart.
  const source = order.length > 0 ? table.sql : table.unnumbered;
  return { sql: `SELECT ${list} FROM ${source}${where}${sorted}`, parameters };
}

function exported({ name, type }: Column, format: ExportFormat, options: ExportOptions): string {
  const column = quoteIdentifier(name);
  if (format === 'csv' && options.guardFormulas && type === 'VARCHAR') {
    const guarded = `CASE WHEN regexp_matches(${column}, '^[=+@\\t\\r-]') THEN '''' || ${column} ELSE ${column} END`;
    return `${guarded} AS ${column}`;
  }
  // JSON has no NaN: they are texts there, as in the pages of rows.
  if (format === 'json' && (type === 'DOUBLE' || type === 'FLOAT')) {
    const shown = `CASE WHEN isfinite(${column}) THEN to_json(${column}) ELSE to_json(CAST(${column} AS VARCHAR)) END`;
    return `${shown} AS ${column}`;
  }
  // DuckDB writes these as DOUBLE, which has 53 bits of their 128; a decimal has a digit too few.
  if (format === 'parquet' && /^U?HUGEINT$/.test(type)) {
    return `CAST(${column} AS VARCHAR) AS ${column}`;
  }
  return column;
}

/** DuckDB itself writes no Arrow. */
function copyOptions(format: Exclude<ExportFormat, 'arrow'>, options: ExportOptions): string {
  switch (format) {
    case 'parquet':
      return `FORMAT parquet, COMPRESSION ${quoteLiteral(options.compression)}`;
    case 'csv':
      return `FORMAT csv, HEADER true`;
    case 'json':
      return `FORMAT json, ARRAY false`;
  }
}
