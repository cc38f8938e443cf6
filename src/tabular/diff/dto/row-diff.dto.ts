import { ApiProperty } from '@nestjs/swagger';
import { TableColumnDto } from '../../dto/column.dto.js';
import { CHANGES, type Change } from '../diff.types.js';

export class ChangeCountsDto {
  inserted: number;

  /** Always 0 without a key. */
  updated: number;

  deleted: number;

  unchanged: number;
}

export class RowCountsDto {
  base: number;
  head: number;
}

export class RetypedInDiffDto {
  name: string;
  from: string;
  to: string;

  /** The type in which the values were compared; `null`: they have none in common, and were not. */
  @ApiProperty({ type: String, nullable: true })
  comparedAs: string | null;
}

export class RenamedColumnDto {
  from: string;
  to: string;
}

export class DiffColumnsDto {
  /** Beside the key, by their names in the head. */
  compared: string[];

  /** Only in the head. Rows are not updated by them. */
  added: TableColumnDto[];

  /** Only in the base. */
  removed: TableColumnDto[];

  /** Of other types in the two. */
  retyped: RetypedInDiffDto[];

  /** As it was asked. */
  renamed: RenamedColumnDto[];
}

export class ToleranceDto {
  absolute: number;
  relative: number;
}

export class ChangedCellDto {
  /** By its name in the head. */
  column: string;

  @ApiProperty({ type: 'object', additionalProperties: true, nullable: true })
  before: unknown;

  @ApiProperty({ type: 'object', additionalProperties: true, nullable: true })
  after: unknown;
}

export class ChangedRowDto {
  @ApiProperty({ enum: CHANGES })
  change: Change;

  /** Values of the key; `null` without one. */
  @ApiProperty({ type: 'object', additionalProperties: true, nullable: true })
  key: Record<string, unknown> | null;

  /** Of an inserted or deleted row, its values beside the key. Values are as in rows of a version. */
  @ApiProperty({ type: 'object', additionalProperties: true, nullable: true })
  row: Record<string, unknown> | null;

  /** Of an updated row, the cells that are different. */
  @ApiProperty({ type: [ChangedCellDto], nullable: true })
  cells: ChangedCellDto[] | null;

  /** How many such rows: more than 1 only without a key. */
  rows: number;

  /** Columns with a value that was too long and is cut. */
  truncatedCells: string[];
}

export class RowDiffDto {
  /** Columns that tell rows apart, as asked; `null`: rows were compared as wholes. */
  @ApiProperty({ type: [String], nullable: true })
  key: string[] | null;

  counts: ChangeCountsDto;

  /** Of the tables. */
  rows: RowCountsDto;

  columns: DiffColumnsDto;

  /** Within which numbers were equal; `null`: exactly. */
  @ApiProperty({ type: ToleranceDto, nullable: true })
  tolerance: ToleranceDto | null;

  /** In the order of the key; without one, of the values. */
  items: ChangedRowDto[];

  @ApiProperty({ type: String, nullable: true })
  nextCursor: string | null;
}
