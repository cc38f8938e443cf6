import {
  ArrayMaxSize,
  ArrayMinSize,
  ArrayUnique,
  IsArray,
  IsString,
  MaxLength,
} from 'class-validator';
import { IsText } from '../../../core/validation/is-text.js';
import { MayBeAbsent } from '../../../core/validation/may-be-absent.js';
import { ReadParametersDto } from './read-parameters.dto.js';

/** `parameters` of a job of the kind `convert`. */
export class ConvertParametersDto extends ReadParametersDto {
  /** Columns, in their order; default: all. */
  @MayBeAbsent()
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(10_000)
  @ArrayUnique()
  @IsText(1, 1000, { each: true })
  columns?: string[];

  /** Only rows that fulfil this filter: docs/filters.md. */
  @MayBeAbsent()
  @IsString()
  @MaxLength(16_384)
  where?: string;
}
