import { ApiProperty } from '@nestjs/swagger';
import { IsInt, IsString, Max, MaxLength, Min, MinLength, Validate } from 'class-validator';
import { MayBeAbsent } from '../../../core/validation/may-be-absent.js';
import { RefRule } from '../../../datasets/index.js';
import { RowCountDto, TableColumnDto } from '../../dto/column.dto.js';

export class RunQueryDto {
  /**
   * Id or slug of a dataset.
   * @example seattle-weather
   */
  @IsString()
  @MinLength(1)
  @MaxLength(200)
  datasetId: string;

  /**
   * Number or id of a version, a branch, a tag, or `latest`.
   * @example latest
   */
  @MayBeAbsent()
  @Validate(RefRule)
  ref: string = 'latest';

  /**
   * One SELECT in DuckDB's dialect. Tables are files of the version, by path in double quotes, by name, or by
   * name without its ending: `"data/weather.csv"`, `weather`. A path that ends in `/` is a folder.
   */
  @ApiProperty({
    example: 'SELECT count(*) AS days FROM "data/weather.csv"',
  })
  @IsString()
  @MinLength(1)
  @MaxLength(100_000)
  sql: string;

  /** Rows of the answer. */
  @MayBeAbsent()
  @IsInt()
  @Min(1)
  @Max(10_000)
  limit: number = 1000;
}

export class QueryLimitsDto {
  rows: number;
  /** Of the rows as JSON. */
  bytes: number;
  /** That the statement may take. */
  seconds: number;
}

export class QueryAnswerDto {
  columns: TableColumnDto[];

  /** By column, as `GET …/rows` gives values. Columns of the same name are told apart by a number. */
  @ApiProperty({
    type: 'array',
    items: { type: 'object', additionalProperties: true },
    example: [{ weather: 'sun', days: 714 }],
  })
  rows: Record<string, unknown>[];

  /** `exact` when these are all rows, `atLeast` when the answer was cut. */
  rowCount: RowCountDto;

  /** What cut the answer; `null`: nothing did. */
  @ApiProperty({ enum: ['rows', 'bytes'], nullable: true })
  truncatedBy: 'rows' | 'bytes' | null;

  limits: QueryLimitsDto;
}
