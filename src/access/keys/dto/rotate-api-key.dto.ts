import { ApiPropertyOptional } from '@nestjs/swagger';
import { IsInt, Max, Min, Validate, ValidateIf } from 'class-validator';
import { FutureRule } from '../../../core/validation/moment-rules.js';
import { MayBeAbsent } from '../../../core/validation/may-be-absent.js';

const MAX_OVERLAP_SECONDS = 30 * 86_400;

export class RotateApiKeyDto {
  /** Seconds for which the old key is good beside the new one; 0 ends it at once. At most 30 days. */
  @ApiPropertyOptional({ example: 3600, default: 0, minimum: 0, maximum: MAX_OVERLAP_SECONDS })
  @MayBeAbsent()
  @IsInt()
  @Min(0)
  @Max(MAX_OVERLAP_SECONDS)
  overlapSeconds: number = 0;

  /** When the new key ends by itself (RFC 3339); `null`: never. Default: as the old one. */
  @ApiPropertyOptional({
    type: String,
    format: 'date-time',
    nullable: true,
    example: '2030-01-31T12:00:00Z',
  })
  @ValidateIf((_: unknown, value: unknown) => value !== undefined && value !== null)
  @Validate(FutureRule)
  expiresAt?: string | null;
}
