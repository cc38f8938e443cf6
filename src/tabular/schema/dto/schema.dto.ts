import { ApiProperty } from '@nestjs/swagger';
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

export class FolderFileDto {
  path: string;

  /** Its columns differ in nothing that matters from those of most: its rows are in the table. */
  isTogether: boolean;

  /** Why it is not, for people. */
  @ApiProperty({ type: [String] })
  differences: string[];
}

export class SchemaDto extends TableSchemaDto {
  /** Of a folder: each of its files, and how those that are left out differ. */
  @ApiProperty({ type: [FolderFileDto], required: false })
  files?: FolderFileDto[];
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
