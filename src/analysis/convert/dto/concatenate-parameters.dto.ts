import { Type } from 'class-transformer';
import { ArrayMaxSize, ArrayMinSize, IsArray, ValidateNested } from 'class-validator';
import { IsText } from '../../../core/validation/is-text.js';
import { MayBeAbsent } from '../../../core/validation/may-be-absent.js';
import { JobSourceDto } from '../../jobs/dto/submit-job.dto.js';
import { ReadParametersDto } from './read-parameters.dto.js';

/** `parameters` of a job of the kind `concatenate`. */
export class ConcatenateParametersDto extends ReadParametersDto {
  /** Files, or folders (`a/`), of any datasets, after the job's own source. */
  @MayBeAbsent()
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(100)
  @ValidateNested({ each: true })
  @Type(() => JobSourceDto)
  sources?: JobSourceDto[];

  /** Adds a column of this name, the first, with the path of the file that a row comes from. */
  @MayBeAbsent()
  @IsText(1, 1000)
  sourceColumn?: string;
}
