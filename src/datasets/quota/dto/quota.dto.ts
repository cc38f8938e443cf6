import { ApiProperty } from '@nestjs/swagger';
import { IsInt, Max, Min, ValidateIf } from 'class-validator';

export class PutQuotaDto {
  /**
   * Bytes that the dataset may keep in all its versions, each content counted once; `null`: what is
   * configured for every dataset.
   */
  @ApiProperty({ type: 'integer', nullable: true, minimum: 0, example: 10_000_000_000 })
  @ValidateIf((_, value: unknown) => value !== null)
  @IsInt()
  @Min(0)
  @Max(Number.MAX_SAFE_INTEGER)
  bytes: number | null;
}

export class QuotaDto {
  /** What was set for this dataset; `null`: nothing. */
  @ApiProperty({ type: Number, nullable: true })
  bytes: number | null;

  /** What holds: that, or what is configured for every dataset; `null`: no quota. */
  @ApiProperty({ type: Number, nullable: true })
  quotaBytes: number | null;

  /** Bytes of the distinct contents that it keeps, of all versions and their overlays. */
  usedBytes: number;

  /** How many contents these are. */
  files: number;
}
