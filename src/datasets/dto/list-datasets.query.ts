import { ApiPropertyOptional } from '@nestjs/swagger';
import { Transform } from 'class-transformer';
import { IsArray, IsIn, IsString } from 'class-validator';
import { MayBeAbsent } from '../../core/validation/may-be-absent.js';
import { PageQuery } from '../../core/http/page.query.js';

export class ListDatasetsQuery extends PageQuery {
  /** Only datasets with this tag; may be repeated. */
  @ApiPropertyOptional({ type: [String], example: ['climate', 'daily'] })
  @MayBeAbsent()
  @Transform(({ value }: { value: unknown }) => (typeof value === 'string' ? [value] : value))
  @IsArray()
  @IsString({ each: true })
  tag: string[] = [];

  /** Whether a dataset must have all of several tags, or any of them. */
  @ApiPropertyOptional({ enum: ['all', 'any'], default: 'all' })
  @MayBeAbsent()
  @IsIn(['all', 'any'])
  tagMode: 'all' | 'any' = 'all';
}
