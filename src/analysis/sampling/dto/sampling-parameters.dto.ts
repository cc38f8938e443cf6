import { applyDecorators } from '@nestjs/common';
import { Transform, type TransformFnParams } from 'class-transformer';
import {
  ArrayMaxSize,
  ArrayMinSize,
  ArrayUnique,
  IsArray,
  IsBoolean,
  IsIn,
  IsInt,
  IsNumber,
  IsPositive,
  IsString,
  Max,
  MaxLength,
  Min,
} from 'class-validator';
import { IsText } from '../../../core/validation/is-text.js';
import { MayBeAbsent } from '../../../core/validation/may-be-absent.js';

export const SAMPLING_METHODS = [
  'random',
  'reservoir',
  'systematic',
  'stratified',
  'cluster',
  'weighted',
] as const;

export type SamplingMethod = (typeof SAMPLING_METHODS)[number];

const MAX_ROWS = 1_000_000_000;
const FORMATS = ['parquet', 'csv', 'json', 'arrow'];
const COMPRESSIONS = ['snappy', 'zstd', 'gzip', 'uncompressed'];

/** One name stands for a list of one. */
const listed = ({ value }: TransformFnParams): unknown =>
  typeof value === 'string' ? [value] : (value as unknown);

const ColumnNames = (most: number): PropertyDecorator =>
  applyDecorators(
    MayBeAbsent(),
    Transform(listed),
    IsArray(),
    ArrayMinSize(1),
    ArrayMaxSize(most),
    ArrayUnique(),
    IsText(1, 1000, { each: true }),
  );

/** `parameters` of a job of the kind `sampling`: docs/sampling.md has each method's formula and source. */
export class SamplingParametersDto {
  /** How rows are chosen. */
  @IsIn(SAMPLING_METHODS)
  method: SamplingMethod;

  /** Size of the sample; with `allocation: fixed` of each stratum. Either this or `fraction`. */
  @MayBeAbsent()
  @IsInt()
  @Min(1)
  @Max(MAX_ROWS)
  rows?: number;

  /** Size as a share of the rows, above 0 and at most 1; for `cluster` of the clusters. At least one is chosen. */
  @MayBeAbsent()
  @IsNumber()
  @IsPositive()
  @Max(1)
  fraction?: number;

  /** A whole number (within ±2^53) that decides the sample. Default: one is chosen, and told with the job. */
  @MayBeAbsent()
  @Min(Number.MIN_SAFE_INTEGER)
  @Max(Number.MAX_SAFE_INTEGER)
  @IsInt()
  seed?: number;

  /** Whether a row (a cluster) may be chosen more than once. Not for `systematic` and `reservoir`. */
  @MayBeAbsent()
  @IsBoolean()
  replacement: boolean = false;

  /** Of `stratified`: the columns whose values are the strata, at most 10,000. NULL is a value like others. */
  @ColumnNames(10)
  stratifyBy?: string[];

  /** The same as `stratifyBy`. */
  @ColumnNames(10)
  strata?: string[];

  /** Of `stratified`: each stratum in proportion to its rows, or `rows` of each. */
  @MayBeAbsent()
  @IsIn(['proportional', 'fixed'])
  allocation?: 'proportional' | 'fixed';

  /** Of `stratified` in proportion: rows of each stratum at least; of a smaller one, all it has. Default 0. */
  @MayBeAbsent()
  @IsInt()
  @Min(0)
  @Max(MAX_ROWS)
  minimumPerStratum?: number;

  /** Of `cluster`: the columns whose values are the clusters, at most 1,000,000. NULL is a value like others. */
  @ColumnNames(10)
  clusterBy?: string[];

  /** Of `cluster`: how many are chosen, in place of `rows` and `fraction`. */
  @MayBeAbsent()
  @IsInt()
  @Min(1)
  @Max(MAX_ROWS)
  clusters?: number;

  /** Of `weighted`: a column of numbers from 0 on. */
  @MayBeAbsent()
  @IsText(1, 1000)
  weight?: string;

  /** Only rows that fulfil this filter are the population: docs/filters.md. */
  @MayBeAbsent()
  @IsString()
  @MaxLength(10_000)
  where?: string;

  /** Columns of the sample, in their order; default: all. */
  @ColumnNames(10_000)
  columns?: string[];

  /**
   * Adds the column `_weight`: how many rows of the population a row of the sample stands for, 1 / (its
   * probability of inclusion), or for draws with replacement 1 / (rows × its probability in one draw).
   */
  @MayBeAbsent()
  @IsBoolean()
  includeWeights: boolean = false;

  /** `json` is JSON Lines: one object a line. */
  @MayBeAbsent()
  @IsIn(FORMATS)
  format: 'parquet' | 'csv' | 'json' | 'arrow' = 'parquet';

  /** Of Parquet; default: snappy. */
  @MayBeAbsent()
  @IsIn(COMPRESSIONS)
  compression?: 'snappy' | 'zstd' | 'gzip' | 'uncompressed';
}
