import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn, Validate } from 'class-validator';
import { MayBeAbsent } from '../../../core/validation/may-be-absent.js';
import type { RefKind } from '../../entities/dataset-ref.entity.js';
import { RefRule } from './rules.js';

export class PutRefDto {
  /** The version that it is to name: by number or id, or as another branch or tag has it. */
  @ApiProperty({ oneOf: [{ type: 'string' }, { type: 'integer' }], example: 2 })
  @Validate(RefRule)
  version: string | number;

  /** What it is when it is new; one that is there keeps its kind. Default: `branch`. */
  @ApiPropertyOptional({ enum: ['branch', 'tag'] })
  @MayBeAbsent()
  @IsIn(['branch', 'tag'])
  kind?: RefKind;
}
