import { ApiPropertyOptional } from '@nestjs/swagger';
import { Transform } from 'class-transformer';
import { IsOptional, Matches, Validate } from 'class-validator';
import { FutureRule } from '../../../core/validation/moment-rules.js';
import { MEDIA_TYPE } from '../media-type.js';
import { FileNameRule, MetadataRule } from './rules.js';

/**
 * An empty example, or Swagger UI would fill the form with one that it makes up from the pattern,
 * and whoever only picks a file would send it. What it may look like stands in the text.
 */
const BLANK = { type: String, example: '' };

/** What an upload says of its bytes. Each may be left out. */
export class FileDescriptionDto {
  /**
   * What the content is, such as `csv`. Default: the extension of the file name, else `binary`.
   */
  @ApiPropertyOptional(BLANK)
  @IsOptional()
  @Matches(/^[A-Za-z0-9][A-Za-z0-9._+-]{0,63}$/, {
    message: 'must be 1 to 64 letters, digits or . _ + -',
  })
  fileType?: string;

  /**
   * Media type (RFC 9110), such as `text/csv`. Default: that of the part or of the request, else by
   * the extension.
   */
  @ApiPropertyOptional(BLANK)
  @IsOptional()
  @Matches(MEDIA_TYPE, { message: 'must be a media type such as text/csv; charset=utf-8' })
  mimeType?: string;

  /**
   * How the bytes are compressed, such as `gzip`. They are stored and served as they are. Default:
   * by the extension.
   */
  @ApiPropertyOptional(BLANK)
  @IsOptional()
  @Matches(/^[A-Za-z0-9][A-Za-z0-9._+-]{0,63}$/, {
    message: 'must be 1 to 64 letters, digits or . _ + -',
  })
  compressionType?: string;

  /** Any JSON object of at most 64 KiB, such as `{"source": "sensor 7"}`, as JSON text. */
  @ApiPropertyOptional(BLANK)
  @IsOptional()
  // As it came: class-transformer would drop keys that objects inherit, such as `toString`.
  @Transform(({ obj }) => (obj as { metadata?: unknown }).metadata)
  @Validate(MetadataRule)
  metadata?: Record<string, unknown>;

  /**
   * Name for downloads, 1 to 255 bytes without `/`, `\` or control characters. Default: the name
   * of the uploaded part.
   */
  @ApiPropertyOptional(BLANK)
  @IsOptional()
  @Validate(FileNameRule)
  fileName?: string;

  /**
   * When the hold ends by itself (RFC 3339), such as `2030-01-31T12:00:00Z`. Default: not before it
   * is given up.
   */
  @ApiPropertyOptional(BLANK)
  @IsOptional()
  @Validate(FutureRule)
  expiresAt?: string;
}
