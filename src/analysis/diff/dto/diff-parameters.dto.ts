import { PartialType } from '@nestjs/swagger';
import { Transform, Type, type TransformFnParams } from 'class-transformer';
import {
  ArrayMaxSize,
  ArrayMinSize,
  ArrayUnique,
  IsArray,
  IsDefined,
  IsIn,
  IsNumber,
  IsObject,
  Min,
  ValidateBy,
  ValidateNested,
} from 'class-validator';
import { applyDecorators } from '@nestjs/common';
import { IsText } from '../../../core/validation/is-text.js';
import { MayBeAbsent } from '../../../core/validation/may-be-absent.js';
import { EXPORT_FORMATS, type ExportFormat } from '../../../tabular/index.js';
import { JobSourceDto } from '../../jobs/dto/submit-job.dto.js';

const MAX_COLUMNS = 1000;

/** One name stands for a list of one. */
const listed = ({ value }: TransformFnParams): unknown =>
  typeof value === 'string' ? [value] : (value as unknown);

const ColumnNames = (): PropertyDecorator =>
  applyDecorators(
    MayBeAbsent(),
    Transform(listed),
    IsArray(),
    ArrayMinSize(1),
    ArrayMaxSize(MAX_COLUMNS),
    ArrayUnique(),
    IsText(1, 1000, { each: true }),
  );

const isName = (value: unknown): boolean => typeof value === 'string' && value.length > 0;

const IsNames = (): PropertyDecorator =>
  ValidateBy({
    name: 'isNames',
    validator: {
      validate: (value: unknown) => Object.values((value ?? {}) as object).every(isName),
      defaultMessage: () => 'must be names of columns by their former names',
    },
  });

/** What is not named is as in the job's source. */
export class BaseSourceDto extends PartialType(JobSourceDto, { skipNullProperties: false }) {}

export class DiffParametersDto {
  /** The file that the source is compared with: what was before. */
  @IsDefined()
  @IsObject()
  @ValidateNested()
  @Type(() => BaseSourceDto)
  base: BaseSourceDto;

  /** Columns that tell rows apart; without any, rows are compared as wholes. */
  @ColumnNames()
  key?: string[];

  /** Numbers of FLOAT and DOUBLE columns that differ by no more than this are equal. */
  @MayBeAbsent()
  @IsNumber()
  @Min(0)
  tolerance: number = 0;

  /** The same as a share of the greater number. */
  @MayBeAbsent()
  @IsNumber()
  @Min(0)
  relativeTolerance: number = 0;

  /** Names of columns now, by their names in the base. */
  @MayBeAbsent()
  @IsObject()
  @IsNames()
  renames: Record<string, string> = {};

  /** Columns to look at, beside the key. */
  @ColumnNames()
  columns?: string[];

  /** Columns to pass over. */
  @ColumnNames()
  ignore?: string[];

  /** Of the output `changes`. */
  @MayBeAbsent()
  @IsIn(Object.keys(EXPORT_FORMATS))
  format: ExportFormat = 'parquet';

  /** How to read both files, over what is found. */
  @MayBeAbsent()
  @IsObject()
  readOptions: Record<string, unknown> = {};
}
