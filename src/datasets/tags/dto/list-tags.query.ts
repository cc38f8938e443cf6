import { ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn } from 'class-validator';
import { IsText } from '../../../core/validation/is-text.js';
import { MayBeAbsent } from '../../../core/validation/may-be-absent.js';
import { PageQuery } from '../../../core/http/page.query.js';

export class ListTagsQuery extends PageQuery {
  /**
   * Only tags that begin so, in whatever case.
   * @example cli
   */
  @MayBeAbsent()
  @IsText(0, 64)
  prefix: string = '';

  /** By name, or the most used first, which has to look at every dataset for each page. */
  @ApiPropertyOptional({ enum: ['name', 'count'], default: 'name' })
  @MayBeAbsent()
  @IsIn(['name', 'count'])
  sort: 'name' | 'count' = 'name';
}
