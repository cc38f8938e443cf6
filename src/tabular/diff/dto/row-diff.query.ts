import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Transform, type TransformFnParams } from 'class-transformer';
import {
  IsIn,
  IsInt,
  IsNumber,
  IsString,
  Max,
  MaxLength,
  Min,
  MinLength,
  Validate,
} from 'class-validator';
import { MayBeAbsent } from '../../../core/validation/may-be-absent.js';
import { wholeNumber } from '../../../core/validation/whole-number.js';
import { RefRule } from '../../../datasets/index.js';
import { TableQuery } from '../../dto/table.query.js';
import { CHANGES, type Change } from '../diff.types.js';

const MAX_TEXT = 16_384;

export class RowDiffQuery extends TableQuery {
  /** The version to compare from, by any of its names. */
  @ApiProperty({ example: '1' })
  @Validate(RefRule)
  base: string;

  /** The version to compare to. */
  @ApiProperty({ example: 'latest' })
  @Validate(RefRule)
  head: string;

  /** The path in the base, where the file was moved. */
  @MayBeAbsent()
  @IsString()
  @MinLength(1)
  @MaxLength(1024)
  basePath?: string;

  /** The path in the head, where the file was moved. */
  @MayBeAbsent()
  @IsString()
  @MinLength(1)
  @MaxLength(1024)
  headPath?: string;

  /**
   * Columns by which rows are the same, parted by commas: unique in both tables and without nulls. Without
   * it rows are compared as wholes, and an updated row is a deleted and an inserted one.
   */
  @ApiPropertyOptional({ example: 'id' })
  @MayBeAbsent()
  @IsString()
  @MaxLength(MAX_TEXT)
  key?: string;

  /** Numbers of FLOAT and DOUBLE columns that differ by no more than this are equal. Only with `key`. */
  @ApiPropertyOptional({ example: 0.001 })
  @MayBeAbsent()
  @Transform(decimalNumber)
  @IsNumber()
  @Min(0)
  tolerance?: number;

  /** The same as a share of the greater number; where both are given, the one that allows more counts. */
  @ApiPropertyOptional({ example: 1e-9 })
  @MayBeAbsent()
  @Transform(decimalNumber)
  @IsNumber()
  @Min(0)
  relativeTolerance?: number;

  /** Columns that have another name in the head: `old:new`, parted by commas. */
  @ApiPropertyOptional({ example: 'temp:temp_max' })
  @MayBeAbsent()
  @IsString()
  @MaxLength(MAX_TEXT)
  rename?: string;

  /** Columns to look at, beside the key, parted by commas; default: all. */
  @MayBeAbsent()
  @IsString()
  @MaxLength(MAX_TEXT)
  columns?: string;

  /** Columns to pass over, parted by commas. */
  @MayBeAbsent()
  @IsString()
  @MaxLength(MAX_TEXT)
  ignore?: string;

  /** Rows of one kind of change alone. */
  @MayBeAbsent()
  @IsIn(CHANGES)
  change?: Change;

  /** `nextCursor` of the page before. */
  @MayBeAbsent()
  @IsString()
  @MaxLength(20_000)
  cursor?: string;

  /** Rows of a page. */
  @MayBeAbsent()
  @Transform(wholeNumber)
  @IsInt()
  @Min(1)
  @Max(1000)
  limit: number = 100;
}

/** What is no number as JSON writes it is left for the validator. */
function decimalNumber({ value }: TransformFnParams): unknown {
  return typeof value === 'string' && /^-?\d+(\.\d+)?([eE][+-]?\d+)?$/.test(value)
    ? Number(value)
    : value;
}
