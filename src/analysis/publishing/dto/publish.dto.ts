import { ApiPropertyOptional } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import {
  ArrayMaxSize,
  ArrayMinSize,
  IsArray,
  IsObject,
  IsOptional,
  IsString,
  Matches,
  MaxLength,
  Validate,
  ValidateNested,
} from 'class-validator';
import { IsText } from '../../../core/validation/is-text.js';
import { MayBeAbsent } from '../../../core/validation/may-be-absent.js';
import { DatasetFieldsDto, ParentRule, REF_NAME } from '../../../datasets/index.js';

/** An output, and where it goes. */
export class PublishedOutputDto {
  /** @example sample */
  @IsString()
  @MaxLength(255)
  name: string;

  /** Default: the file name of the output. */
  @ApiPropertyOptional({ example: 'data/sample.parquet' })
  @MayBeAbsent()
  @IsString()
  @MaxLength(1024)
  path?: string;
}

/** Either `dataset`, which makes one, or `datasetId`, which adds a version to one. */
export class PublishDto {
  /** Default: all of them. */
  @MayBeAbsent()
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(10_000)
  @ValidateNested({ each: true })
  @Type(() => PublishedOutputDto)
  outputs?: PublishedOutputDto[];

  /** A new dataset. */
  @MayBeAbsent()
  @IsObject()
  @ValidateNested()
  @Type(() => DatasetFieldsDto)
  dataset?: DatasetFieldsDto;

  /** Id or slug of a dataset; its other files stay. */
  @ApiPropertyOptional({ example: 'seattle-weather' })
  @MayBeAbsent()
  @IsText(1, 100)
  datasetId?: string;

  /** With `datasetId`: the branch that the version becomes the head of; default: `main`. */
  @ApiPropertyOptional({ default: 'main' })
  @MayBeAbsent()
  @Matches(REF_NAME, { message: 'must be the name of a branch' })
  branch?: string;

  /** With `datasetId`: the version that the branch must be at, by id or number. */
  @ApiPropertyOptional({ oneOf: [{ type: 'string' }, { type: 'integer' }], example: 1 })
  @IsOptional()
  @Validate(ParentRule)
  parent?: string | number;

  /** With `datasetId`: why, for people. Default: says which job. */
  @MayBeAbsent()
  @IsText(1, 2000)
  message?: string;
}
