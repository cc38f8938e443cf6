import { ApiPropertyOptional } from '@nestjs/swagger';
import { Transform, type TransformFnParams } from 'class-transformer';
import { ArrayMaxSize, IsIn, IsOptional, IsUUID } from 'class-validator';
import { IsText } from '../../../core/validation/is-text.js';
import { PageQuery } from '../../../core/http/page.query.js';

const MAX_VALUES = 50;

/** A parameter given once is a list of one. */
const toList = ({ value }: TransformFnParams): unknown =>
  value === undefined || Array.isArray(value) ? (value as unknown) : [value];

export class SearchQuery extends PageQuery {
  /**
   * Words, of which all must be found; the last may be the beginning of one.
   * @example weather observ
   */
  @IsOptional()
  @IsText(0, 200)
  q?: string;

  /**
   * Only datasets with this tag. Repeated: with all of them.
   * @example ["climate"]
   */
  @ApiPropertyOptional({ type: [String] })
  @IsOptional()
  @Transform(toList)
  @ArrayMaxSize(MAX_VALUES)
  @IsText(1, 200, { each: true })
  tag?: string[];

  /**
   * Only datasets with a file of this type in the head of `main`. Repeated: of all of them.
   * @example ["csv"]
   */
  @ApiPropertyOptional({ type: [String] })
  @IsOptional()
  @Transform(toList)
  @ArrayMaxSize(MAX_VALUES)
  @IsText(1, 64, { each: true })
  fileType?: string[];

  /** Only datasets that this principal created. */
  @IsOptional()
  @IsUUID()
  owner?: string;

  /** Only datasets that are so. */
  @ApiPropertyOptional({ enum: ['private', 'public'] })
  @IsOptional()
  @IsIn(['private', 'public'])
  visibility?: 'private' | 'public';
}
