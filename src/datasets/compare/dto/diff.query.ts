import { ApiProperty } from '@nestjs/swagger';
import { Validate } from 'class-validator';
import { PageQuery } from '../../../core/http/page.query.js';
import { RefRule } from '../../refs/dto/rules.js';

export class DiffQuery extends PageQuery {
  /** The version to compare from, by any of its names. */
  @ApiProperty({ example: '1' })
  @Validate(RefRule)
  base: string;

  /** The version to compare to. */
  @ApiProperty({ example: 'latest' })
  @Validate(RefRule)
  head: string;
}
