import { rmSync } from 'node:fs';
import type { Column } from '../../../core/contracts/dataset-reader.contract.js';
import type { ExportFormat, ExportOptions } from '../../export/export-formats.js';
import { quoteIdentifier, quoteLiteral } from '../../values/quote.js';
import { writeArrow } from './arrow-export.js';
import type { Session } from './session.js';

export interface WrittenAs {
  format: ExportFormat;
  options: ExportOptions;
  /** Of the file, in the session's folder. */
  name: string;
}

/** What stands for a column in a SELECT whose rows are written so. */
export function writtenColumn(
  { name, type }: Column,
  { format, options }: Pick<WrittenAs, 'format' | 'options'>,
): string {
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

/** Writes the rows of a SELECT of `writtenColumn`s. @returns rows */
export async function writeRows(
  { database, folder }: Session,
  sql: string,
  parameters: readonly unknown[],
  { format, options, name }: WrittenAs,
): Promise<number> {
  const path = `${folder}/${name}`;
  // What an earlier try has left.
  rmSync(path, { force: true });
  if (format === 'arrow') return await writeArrow(await database.stream(sql, parameters), path);
  const [[rows]] = (await database.all(
    `COPY (${sql}) TO ${quoteLiteral(path)} (${copyOptions(format, options)}, USE_TMP_FILE false)`,
    parameters,
  )) as [[bigint]];
  return Number(rows);
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
