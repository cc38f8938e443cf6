import { ApiProperty } from '@nestjs/swagger';

const VALUE = { oneOf: [{ type: 'number' }, { type: 'string' }], nullable: true };

export type ColumnKind =
  | 'boolean'
  | 'integer'
  | 'float'
  | 'decimal'
  | 'string'
  | 'date'
  | 'timestamp'
  | 'time'
  | 'list'
  | 'struct'
  | 'binary'
  | 'other';

export type StatisticValue = number | string | null;

export class NullsDto {
  count: number;

  /** Of all rows; 0 in a table without rows. */
  share: number;
}

export class DistinctDto {
  /** Different values, nulls left out; NaN is one value, and 0 and -0 are the same. */
  value: number;

  @ApiProperty({ enum: ['exact', 'estimated'] })
  exactly: 'exact' | 'estimated';

  /**
   * How it was found: `count` counts every value; `hash-sample` counts those whose hash falls into one part
   * of 32, times 32.
   */
  @ApiProperty({ enum: ['count', 'hash-sample'] })
  method: 'count' | 'hash-sample';

  /** How far the true value may lie from it, as a share of it, in 95 of 100 cases; 0 when it is exact. */
  error: number;
}

export class QuantileDto {
  /** @example 0.25 */
  probability: number;

  @ApiProperty(VALUE)
  value: StatisticValue;
}

export class QuantilesDto {
  @ApiProperty({ enum: ['exact', 'estimated'] })
  exactly: 'exact' | 'estimated';

  /**
   * `interpolated` between the two nearest values, as `percentile_cont` of SQL; `discrete`, the first value
   * that has its share below it, as `percentile_disc`: of dates and times, and of numbers beyond 2^53; or
   * estimated by a `t-digest`.
   */
  @ApiProperty({ enum: ['interpolated', 'discrete', 't-digest'] })
  method: 'interpolated' | 'discrete' | 't-digest';

  /**
   * How far any of them is off, measured on the whole table: 0.004 means that one said to have 25 % of
   * the values below it has 24.6 to 25.4 %. 0 when they are exact.
   */
  error: number;

  /** For 0.01, 0.05, 0.25, 0.5, 0.75, 0.95 and 0.99. */
  values: QuantileDto[];
}

export class HistogramBinDto {
  /** Values greater than this belong to the bin; in the first bin also this one. */
  @ApiProperty(VALUE)
  from: StatisticValue;

  /** The greatest value that belongs to the bin. */
  @ApiProperty(VALUE)
  to: StatisticValue;

  count: number;
}

export class TopValueDto {
  /** At most 1,000 characters of it; binary as base64, lists and structs as DuckDB writes them. */
  @ApiProperty({ oneOf: [{ type: 'number' }, { type: 'string' }, { type: 'boolean' }] })
  value: number | string | boolean;

  /** True when it is longer than what is shown. */
  truncated: boolean;

  /** Rows that have it. Always exact. */
  count: number;
}

export class TopValuesDto {
  /**
   * `estimated`: which values are among the first was found in a sample of the rows, so one that is about
   * as frequent as the last may be missing; values that occur once are left out.
   */
  @ApiProperty({ enum: ['exact', 'estimated'] })
  exactly: 'exact' | 'estimated';

  @ApiProperty({ enum: ['count', 'sample'] })
  method: 'count' | 'sample';

  /**
   * Share of the rows from which on a value is missing with a chance of at most one in a million;
   * 0 when it is exact.
   */
  error: number;

  /** The ten most frequent, the most frequent first; of equally frequent ones the smaller first. */
  values: TopValueDto[];
}

export class LengthsDto {
  /** Characters are Unicode code points. */
  @ApiProperty({ enum: ['characters', 'items', 'bytes'] })
  unit: 'characters' | 'items' | 'bytes';

  min: number;
  max: number;
  mean: number;
}

export class BooleansDto {
  true: number;
  false: number;
}

/** Values that have no place on the number line, or in time. */
export class NonFiniteDto {
  nan: number;
  positiveInfinity: number;
  negativeInfinity: number;
}

export class ColumnStatisticsDto {
  name: string;

  /** As DuckDB writes its types. @example DECIMAL(18,3) */
  type: string;

  @ApiProperty({
    enum: [
      'boolean',
      'integer',
      'float',
      'decimal',
      'string',
      'date',
      'timestamp',
      'time',
      'list',
      'struct',
      'binary',
      'other',
    ],
  })
  kind: ColumnKind;

  nulls: NullsDto;

  distinct: DistinctDto;

  /**
   * Of numbers, dates, times and strings, else `null`; exact. Integers beyond 2^53 and decimals of more than 15
   * digits are strings; of a string at most 1,000 characters. NaN and infinity are left out, here and in
   * all that follows except top values.
   */
  @ApiProperty(VALUE)
  min: StatisticValue;

  @ApiProperty(VALUE)
  max: StatisticValue;

  /** Of numbers: in double precision. `null` without a value. */
  @ApiProperty(VALUE)
  mean: StatisticValue;

  /** Standard deviation of a sample (n - 1): in double precision. `null` with less than two values. */
  @ApiProperty(VALUE)
  std: StatisticValue;

  /** The quantile of 0.5. */
  @ApiProperty(VALUE)
  median: StatisticValue;

  @ApiProperty({ type: QuantilesDto, nullable: true })
  quantiles: QuantilesDto | null;

  /** At most 20 bins of one width from the least to the greatest value. Of numbers, dates and times; exact. */
  @ApiProperty({ type: [HistogramBinDto], nullable: true })
  histogram: HistogramBinDto[] | null;

  topValues: TopValuesDto;

  /** Of strings, binary, lists and maps. */
  @ApiProperty({ type: LengthsDto, nullable: true })
  lengths: LengthsDto | null;

  @ApiProperty({ type: BooleansDto, nullable: true })
  booleans: BooleansDto | null;

  /** Of floats, dates and timestamps. */
  @ApiProperty({ type: NonFiniteDto, nullable: true })
  nonFinite: NonFiniteDto | null;
}

/** Figures of the whole table, never of a part of it. What is not exact says so, and by how much. */
export class TableStatisticsDto {
  /** Exact. */
  rowCount: number;

  columns: ColumnStatisticsDto[];
}
