import { IsString, MaxLength, MinLength } from 'class-validator';
import { WrittenParametersDto } from './written-parameters.dto.js';

/** `parameters` of a job of the kind `sql`. */
export class SqlParametersDto extends WrittenParametersDto {
  /** One SELECT over the files of the version, as `POST /v1/query` takes it; the whole result is written. */
  @IsString()
  @MinLength(1)
  @MaxLength(100_000)
  sql: string;
}
