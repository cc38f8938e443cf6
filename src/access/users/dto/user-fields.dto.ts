import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsBoolean, IsInt, Matches, Max, Min, ValidateIf } from 'class-validator';
import { IsText } from '../../../core/validation/is-text.js';
import { MayBeAbsent } from '../../../core/validation/may-be-absent.js';
import { NAME, NAME_RULE } from '../../names.js';

class UserFieldsDto {
  /** For people. */
  @ApiPropertyOptional({ example: 'Ada Lovelace' })
  @MayBeAbsent()
  @IsText(0, 200)
  displayName?: string;

  /**
   * Whether the user is an admin of the installation, who may do everything. Said by credentials without
   * scopes alone.
   */
  @ApiPropertyOptional({ example: false })
  @MayBeAbsent()
  @IsBoolean()
  isAdmin?: boolean;

  /** Whether nobody gets in as this user, whatever key is shown. */
  @ApiPropertyOptional({ example: false })
  @MayBeAbsent()
  @IsBoolean()
  disabled?: boolean;

  /** Bytes that the user may keep; `null`: what is configured for everybody. */
  @ApiPropertyOptional({ type: Number, nullable: true, example: 10_737_418_240 })
  @ValidateIf((_: unknown, value: unknown) => value !== undefined && value !== null)
  @IsInt()
  @Min(0)
  @Max(Number.MAX_SAFE_INTEGER)
  quotaBytes?: number | null;
}

export class CreateUserDto extends UserFieldsDto {
  /** Unique: 1 to 100 of `a-z 0-9 . _ @ + -`, and no UUID. */
  @ApiProperty({ example: 'ada' })
  @Matches(NAME, { message: NAME_RULE })
  name: string;
}

export class PatchUserDto extends UserFieldsDto {
  /** Unique: 1 to 100 of `a-z 0-9 . _ @ + -`, and no UUID. */
  @ApiPropertyOptional({ example: 'ada' })
  @MayBeAbsent()
  @Matches(NAME, { message: NAME_RULE })
  name?: string;
}
