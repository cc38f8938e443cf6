import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import {
  IsInt,
  IsObject,
  IsString,
  Matches,
  Max,
  MaxLength,
  Min,
  Validate,
  ValidateNested,
} from 'class-validator';
import { IsText } from '../../../core/validation/is-text.js';
import { MayBeAbsent } from '../../../core/validation/may-be-absent.js';
import { FutureRule } from '../../../core/validation/moment-rules.js';

/** What a job is about. */
export class JobSourceDto {
  /** Id or slug of a dataset. */
  @ApiProperty({ example: 'weather' })
  @IsText(1, 100)
  datasetId: string;

  /** A version: its number, its id, a branch, a tag or `latest`. */
  @ApiPropertyOptional({ default: 'latest', example: 'latest' })
  @MayBeAbsent()
  @IsText(1, 100)
  ref?: string;

  /** A file of the version; some kinds take the version as a whole. */
  @ApiPropertyOptional({ example: 'data/weather.csv' })
  @MayBeAbsent()
  @IsString()
  @MaxLength(1024)
  path?: string;
}

/** A job to be carried out. */
export class SubmitJobDto {
  /** What is to be done. */
  @ApiProperty({ example: 'sampling' })
  @IsString()
  @MaxLength(64)
  @Matches(/^[a-z][a-z0-9-]*$/, { message: 'must be the name of a kind' })
  kind: string;

  @MayBeAbsent()
  @IsObject()
  @ValidateNested()
  @Type(() => JobSourceDto)
  source?: JobSourceDto;

  /** As the kind wants them. A whole number `seed` decides what is chosen by chance. */
  @ApiPropertyOptional({ type: 'object', additionalProperties: true, example: { seed: 1 } })
  @MayBeAbsent()
  @IsObject()
  parameters?: Record<string, unknown>;

  /** Jobs with a higher one begin first; above 0 for admins of the installation only. */
  @ApiPropertyOptional({ type: 'integer', default: 0, minimum: -100, maximum: 100 })
  @MayBeAbsent()
  @IsInt()
  @Min(-100)
  @Max(100)
  priority?: number;

  /** When it fails if it has not ended by then (RFC 3339). The installation sets the latest. */
  @ApiPropertyOptional({ type: String, format: 'date-time', example: '2100-01-01T00:00:00Z' })
  @MayBeAbsent()
  @Validate(FutureRule)
  deadline?: string;
}
