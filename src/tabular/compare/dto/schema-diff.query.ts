import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsString, MaxLength, MinLength, Validate } from 'class-validator';
import { MayBeAbsent } from '../../../core/validation/may-be-absent.js';
import { RefRule } from '../../../datasets/index.js';

export class SchemaDiffQuery {
  /** The version to compare from, by any of its names. */
  @ApiProperty({ example: '1' })
  @Validate(RefRule)
  base: string;

  /** The version to compare to. */
  @ApiProperty({ example: 'latest' })
  @Validate(RefRule)
  head: string;

  /** Path of the file. */
  @ApiProperty({ example: 'data/weather.csv' })
  @IsString()
  @MinLength(1)
  @MaxLength(1024)
  path: string;

  /** Its path in the other version, where it was moved. */
  @ApiPropertyOptional()
  @MayBeAbsent()
  @IsString()
  @MinLength(1)
  @MaxLength(1024)
  headPath?: string;
}
