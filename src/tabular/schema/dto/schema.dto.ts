import { ApiProperty } from '@nestjs/swagger';
import { DriftDto } from '../../compare/dto/drift.dto.js';
import { RowCountDto, TableColumnDto } from '../../dto/column.dto.js';

export class TableSchemaDto {
  /** @example data/weather.csv */
  path: string;

  /**
   * What the bytes are, whatever they are called: `csv`, `parquet`, `json`, `arrow`, `excel`.
   * @example csv
   */
  format: string;

  columns: TableColumnDto[];

  @ApiProperty({ type: RowCountDto, nullable: true })
  rowCount: RowCountDto | null;

  /** How the file is read, as it was found out and as `options` said: of CSV, its dialect. */
  @ApiProperty({
    type: 'object',
    additionalProperties: true,
    example: { encoding: 'utf-8', delimiter: ',', quote: '"', header: true },
  })
  options: Record<string, unknown>;

  /** What was guessed or mended. */
  warnings: string[];

  /** Rows of the file that can't be part of the table, see `…/rejected-rows`. `null`: not counted yet. */
  @ApiProperty({ type: 'integer', nullable: true })
  rejectedRows: number | null;
}

export class UnreadableFileDto {
  path: string;
  code: string;
  /** Why it is no table. */
  detail: string;
}

export class SchemaDto extends TableSchemaDto {
  /** Of a folder: which of its files are one table, and how the others differ from it. */
  @ApiProperty({ type: DriftDto, required: false })
  drift?: DriftDto;

  /** Of a folder: its files that are no tables. */
  @ApiProperty({ type: [UnreadableFileDto], required: false })
  unreadable?: UnreadableFileDto[];
}

export class RejectedRowDto {
  /** Of the file, from 1 on. */
  @ApiProperty({ type: 'integer', nullable: true })
  line: number | null;

  reason: string;

  /** The first 1,000 characters of it. */
  @ApiProperty({ type: String, nullable: true })
  text: string | null;
}

export class RejectedRowsDto {
  /** All of them. */
  count: number;

  /** The first 1,000. */
  items: RejectedRowDto[];
}
