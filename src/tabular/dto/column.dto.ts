export class TableColumnDto {
  /** @example temp_max */
  name: string;

  /**
   * As DuckDB writes its types: `BIGINT`, `DECIMAL(18,3)`, `STRUCT(a INTEGER, b VARCHAR[])`.
   * @example DOUBLE
   */
  type: string;
}

export class RowCountDto {
  /** @example 1461 */
  value: number;

  /** `estimated`: from the size of the file and of the rows that were read of it. */
  kind: 'exact' | 'estimated' | 'atLeast';
}
