import { ApiPropertyOptional } from '@nestjs/swagger';
import { IsString, MaxLength } from 'class-validator';
import { MayBeAbsent } from '../../core/validation/may-be-absent.js';
import { TableQuery } from './table.query.js';

const MAX_TEXT = 16_384;

/** Which rows and columns of a table. */
export class SelectionQuery extends TableQuery {
  /** Names of columns, parted by commas; one with other characters than letters, digits and `_` in `"…"`. */
  @ApiPropertyOptional({ example: 'date, temp_max' })
  @MayBeAbsent()
  @IsString()
  @MaxLength(MAX_TEXT)
  columns?: string;

  /** A filter that reads like SQL's WHERE; see docs/filters.md. */
  @ApiPropertyOptional({ example: "temp_max > 30 and weather = 'sun'" })
  @MayBeAbsent()
  @IsString()
  @MaxLength(MAX_TEXT)
  where?: string;

  /** Columns to order by, each with `asc` or `desc`, and `nulls first` or `nulls last`. */
  @ApiPropertyOptional({ example: 'temp_max desc, date' })
  @MayBeAbsent()
  @IsString()
  @MaxLength(MAX_TEXT)
  orderBy?: string;

  /** Words, in any language, that a row must have in its texts. */
  @ApiPropertyOptional({ example: 'rain' })
  @MayBeAbsent()
  @IsString()
  @MaxLength(1000)
  q?: string;
}
