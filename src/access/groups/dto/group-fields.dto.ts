import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Matches } from 'class-validator';
import { IsText } from '../../../core/validation/is-text.js';
import { MayBeAbsent } from '../../../core/validation/may-be-absent.js';
import { NAME, NAME_RULE } from '../../names.js';

class GroupFieldsDto {
  /** Who is in it, or what for. */
  @ApiPropertyOptional({ example: 'Everybody who imports station data' })
  @MayBeAbsent()
  @IsText(0, 2000)
  description?: string;
}

export class CreateGroupDto extends GroupFieldsDto {
  /** Unique: 1 to 100 of `a-z 0-9 . _ @ + -`, and no UUID. */
  @ApiProperty({ example: 'climate-team' })
  @Matches(NAME, { message: NAME_RULE })
  name: string;
}

export class PatchGroupDto extends GroupFieldsDto {
  /** Unique: 1 to 100 of `a-z 0-9 . _ @ + -`, and no UUID. */
  @ApiPropertyOptional({ example: 'climate-team' })
  @MayBeAbsent()
  @Matches(NAME, { message: NAME_RULE })
  name?: string;
}
