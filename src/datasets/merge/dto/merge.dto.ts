import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn, Matches, Validate } from 'class-validator';
import { MayBeAbsent } from '../../../core/validation/may-be-absent.js';
import { RefRule } from '../../refs/dto/rules.js';
import { REF_NAME } from '../../refs/ref-names.js';
import type { MergeStrategy } from '../merge-plan.js';
import { DerivedVersionDto } from './derived-version.dto.js';

export class MergeDto extends DerivedVersionDto {
  /** What to merge: a branch, or a version by number, id or tag. */
  @ApiProperty({ oneOf: [{ type: 'string' }, { type: 'integer' }], example: 'cleanup' })
  @Validate(RefRule)
  source: string | number;

  /** The branch to merge into. */
  @MayBeAbsent()
  @Matches(REF_NAME, { message: 'must be the name of a branch' })
  target: string = 'main';

  /**
   * What becomes of files that both have changed since they parted: `fail` lists them and changes
   * nothing, `ours` keeps those of the target, `theirs` takes those of the source.
   */
  @ApiPropertyOptional({ enum: ['fail', 'ours', 'theirs'] })
  @MayBeAbsent()
  @IsIn(['fail', 'ours', 'theirs'])
  strategy: MergeStrategy = 'fail';
}
