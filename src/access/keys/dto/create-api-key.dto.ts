import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import {
  ArrayMaxSize,
  IsArray,
  IsIn,
  IsString,
  MaxLength,
  Validate,
  ValidateIf,
} from 'class-validator';
import { PERMISSIONS, type Permission } from '../../../core/contracts/principal.contract.js';
import { FutureRule } from '../../../core/validation/moment-rules.js';
import { IsText } from '../../../core/validation/is-text.js';
import { MayBeAbsent } from '../../../core/validation/may-be-absent.js';

const isGiven = (_: unknown, value: unknown): boolean => value !== undefined && value !== null;

export class CreateApiKeyDto {
  /** What it is for. */
  @ApiProperty({ example: 'nightly import' })
  @IsText(1, 100)
  name: string;

  /** Id or name of the user that it is for; only an admin makes keys of others. Default: the caller. */
  @ApiPropertyOptional({ example: 'ada' })
  @MayBeAbsent()
  @IsString()
  @MaxLength(100)
  userId?: string;

  /**
   * What it permits; `null`: all that its user may do. It can't permit more than the key that makes
   * it, and permits the same by default. `profile:read` goes without saying.
   */
  @ApiPropertyOptional({
    type: [String],
    enum: PERMISSIONS,
    nullable: true,
    example: ['files:read', 'datasets:read'],
  })
  @ValidateIf(isGiven)
  @IsArray()
  @ArrayMaxSize(100)
  @IsIn(PERMISSIONS, { each: true, message: 'must be names of permissions' })
  scopes?: Permission[] | null;

  /**
   * When it ends by itself (RFC 3339); `null`: never. Not later than the key that makes it, and at the
   * same time by default.
   */
  @ApiPropertyOptional({
    type: String,
    format: 'date-time',
    nullable: true,
    example: '2030-01-31T12:00:00Z',
  })
  @ValidateIf(isGiven)
  @Validate(FutureRule)
  expiresAt?: string | null;
}
