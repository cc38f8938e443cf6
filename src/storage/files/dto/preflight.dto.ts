import { ApiProperty } from '@nestjs/swagger';
import { ArrayMaxSize, ArrayMinSize, IsArray, Matches } from 'class-validator';
import { CONTENT_HASH } from '../content-hash.js';

export class PreflightDto {
  /**
   * SHA-256 digests, at most 1,000: `sha256:<64 hex digits>`, the algorithm may be left out.
   * @example ["sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"]
   */
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(1000)
  @Matches(CONTENT_HASH, { each: true, message: 'must each be sha256:<64 lower-case hex digits>' })
  digests: string[];
}

export class PreflightItemDto {
  /** As it was asked for, with its algorithm. */
  contentHash: string;

  /** Whether the caller may use this content without sending it. */
  available: boolean;

  /** The file to use; `null` when the content has to be uploaded. */
  @ApiProperty({ type: Number, nullable: true })
  fileId: number | null;

  /** Bytes. */
  @ApiProperty({ type: Number, nullable: true })
  size: number | null;
}

export class PreflightResultDto {
  /** In the order of the request. */
  items: PreflightItemDto[];
}
