import { ApiProperty } from '@nestjs/swagger';
import { RowCountDto, TableColumnDto } from '../../dto/column.dto.js';

export class RowDto {
  /** Place of the row in its file, from 0 on, whatever the filter and the order. */
  rowIndex: number;

  /** In a table of several files: the one that the row is of. */
  path?: string;

  /**
   * Values by column. Numbers that JSON readers would round (integers beyond 2^53, decimals of many
   * digits) are strings, as are `NaN` and `Infinity`; dates and times are ISO 8601, bytes base64.
   */
  @ApiProperty({ type: 'object', additionalProperties: true })
  row: Record<string, unknown>;

  /** Columns whose value was too long and is cut. */
  truncatedCells: string[];
}

export class RowsDto {
  columns: TableColumnDto[];
  items: RowDto[];

  @ApiProperty({ type: String, nullable: true })
  nextCursor: string | null;

  /** Rows that the filter lets through; of the table, where there is none. `null`: not counted yet. */
  @ApiProperty({ type: RowCountDto, nullable: true })
  rowCount: RowCountDto | null;
}
