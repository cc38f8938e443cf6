import { ApiPropertyOptional } from '@nestjs/swagger';
import { IsInt, IsObject, Max, Min } from 'class-validator';
import { IsText } from '../../../core/validation/is-text.js';
import { MayBeAbsent } from '../../../core/validation/may-be-absent.js';
import { ReadParametersDto } from './read-parameters.dto.js';

/** Files that one job may make. */
export const MAX_OUTPUTS = 200;

/** `parameters` of a job of the kind `split`: one of `rowsPerFile`, `files`, `shares` and `column`. */
export class SplitParametersDto extends ReadParametersDto {
  /** Rows of each file, in the order of the table; the last has the rest. */
  @MayBeAbsent()
  @IsInt()
  @Min(1)
  rowsPerFile?: number;

  /** Files, in the order of the table, of as many rows each, or one more. */
  @MayBeAbsent()
  @IsInt()
  @Min(1)
  @Max(MAX_OUTPUTS)
  files?: number;

  /** Names and shares of all rows that add up to 1. Which row goes where is chosen by `seed`. */
  @ApiPropertyOptional({
    type: 'object',
    additionalProperties: { type: 'number' },
    example: { train: 0.8, test: 0.2 },
  })
  @MayBeAbsent()
  @IsObject()
  shares?: Record<string, number>;

  /** A column, of whose values each has a file of its own. */
  @MayBeAbsent()
  @IsText(1, 1000)
  column?: string;

  /** A whole number (within ±2^53) that decides which rows go where by `shares`. Default: one is chosen. */
  @MayBeAbsent()
  @IsInt()
  @Min(Number.MIN_SAFE_INTEGER)
  @Max(Number.MAX_SAFE_INTEGER)
  seed?: number;
}
