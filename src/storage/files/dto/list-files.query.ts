import { Transform } from 'class-transformer';
import { IsInt, IsOptional, IsString, Matches, Max, MaxLength, Min } from 'class-validator';
import { wholeNumber } from '../../../core/validation/whole-number.js';
import { CONTENT_HASH } from '../content-hash.js';

export class ListFilesQuery {
  /**
   * Only the file with this content: `sha256:<64 hex digits>`, the algorithm may be left out.
   * @example sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855
   */
  @IsOptional()
  @Matches(CONTENT_HASH, { message: 'must be sha256:<64 lower-case hex digits>' })
  contentHash?: string;

  /** `nextCursor` of the page before. */
  @IsOptional()
  @IsString()
  @MaxLength(500)
  cursor?: string;

  /** Files of a page. */
  @IsOptional()
  @Transform(wholeNumber)
  @IsInt()
  @Min(1)
  @Max(1000)
  limit: number = 100;
}
