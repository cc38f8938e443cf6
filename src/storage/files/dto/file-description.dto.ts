import { ApiPropertyOptional } from '@nestjs/swagger';
import { IsOptional, Matches, Validate } from 'class-validator';
import { FileNameRule, MetadataRule } from './rules.js';

/** What an upload says of its bytes. Each may be left out. */
export class FileDescriptionDto {
  /**
   * What the content is. Default: the extension of the file name, else `binary`.
   * @example csv
   */
  @IsOptional()
  @Matches(/^[A-Za-z0-9][A-Za-z0-9._+-]{0,63}$/, {
    message: 'must be 1 to 64 letters, digits or . _ + -',
  })
  fileType?: string;

  /**
   * Media type (RFC 9110). Default: that of the part or of the request, else by the extension.
   * @example text/csv
   */
  @IsOptional()
  @Matches(/^[\w!#$&^.+-]{1,100}\/[\w!#$&^.+-]{1,100}(\s*;\s*[\w-]+=("[^"\\\r\n]*"|[\w.:+-]+))*$/, {
    message: 'must be a media type such as text/csv or text/csv; charset=utf-8',
  })
  @Matches(/^.{1,255}$/, { message: 'must have at most 255 characters' })
  mimeType?: string;

  /**
   * How the bytes are compressed. They are stored and served as they are. Default: by the extension.
   * @example gzip
   */
  @IsOptional()
  @Matches(/^[A-Za-z0-9][A-Za-z0-9._+-]{0,63}$/, {
    message: 'must be 1 to 64 letters, digits or . _ + -',
  })
  compressionType?: string;

  /** Any JSON object of at most 64 KiB; in a form or a query as JSON text. */
  @ApiPropertyOptional({
    type: 'object',
    additionalProperties: true,
    example: { source: 'sensor 7' },
  })
  @IsOptional()
  @Validate(MetadataRule)
  metadata?: Record<string, unknown>;

  /**
   * Name for downloads, 1 to 255 bytes without `/`, `\` or control characters. Default: the name
   * of the uploaded part.
   * @example measurements.csv
   */
  @IsOptional()
  @Validate(FileNameRule)
  fileName?: string;
}
