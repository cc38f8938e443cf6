/** Formats that a table can be exported as. `json` is JSON Lines: one object a line. */
export const EXPORT_FORMATS = {
  parquet: {
    fileType: 'parquet',
    extension: 'parquet',
    mimeType: 'application/vnd.apache.parquet',
  },
  csv: { fileType: 'csv', extension: 'csv', mimeType: 'text/csv; charset=utf-8; header=present' },
  json: { fileType: 'jsonl', extension: 'jsonl', mimeType: 'application/x-ndjson' },
  arrow: {
    fileType: 'arrow',
    extension: 'arrow',
    mimeType: 'application/vnd.apache.arrow.file',
  },
} as const;

export type ExportFormat = keyof typeof EXPORT_FORMATS;

export interface ExportOptions {
  /** Of Parquet: `snappy`, `zstd`, `gzip` or `uncompressed`. */
  compression: string;
  /**
   * Of CSV: texts that a spreadsheet would take for a formula get a `'` before them (OWASP, "CSV
   * injection"). Changes the data, so only on request.
   */
  guardFormulas: boolean;
}
