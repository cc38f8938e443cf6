import { ApiPropertyOptional } from '@nestjs/swagger';
import { IsOptional, Validate } from 'class-validator';
import { IsText } from '../../../core/validation/is-text.js';
import { MayBeAbsent } from '../../../core/validation/may-be-absent.js';
import { ParentRule } from '../../versions/dto/rules.js';

/** What a restore and a merge have in common. */
export class DerivedVersionDto {
  /**
   * Why, for people. Default: says what was done.
   * @example Back to what was reviewed
   */
  @MayBeAbsent()
  @IsText(1, 2000)
  message?: string;

  /** The version that the branch must be at, by id or number: else 412 and nothing is changed. */
  @ApiPropertyOptional({ oneOf: [{ type: 'string' }, { type: 'integer' }], example: 3 })
  @IsOptional()
  @Validate(ParentRule)
  parent?: string | number;
}
