import { ApiProperty } from '@nestjs/swagger';

/** A file as its caller sees it: the bytes once, the description of the caller's own use of them. */
export class FileDto {
  /** @example 17 */
  id: number;

  /**
   * SHA-256 of the bytes.
   * @example sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855
   */
  contentHash: string;

  /**
   * Bytes.
   * @example 48219
   */
  size: number;

  /** @example csv */
  fileType: string;

  /** @example measurements.csv */
  @ApiProperty({ type: String, nullable: true })
  fileName: string | null;

  /** @example text/csv */
  mimeType: string;

  /** @example gzip */
  @ApiProperty({ type: String, nullable: true })
  compressionType: string | null;

  @ApiProperty({ type: 'object', additionalProperties: true, example: { source: 'sensor 7' } })
  metadata: Record<string, unknown>;

  /** When the caller's hold ends by itself; `null`: not before it is given up. */
  @ApiProperty({ type: Date, nullable: true })
  expiresAt: Date | null;

  /** When the first reference to this content that the caller may read was made. */
  createdAt: Date;
}

export class CreatedFileDto extends FileDto {
  /** Whether the caller could already read this content: nothing new was stored then. */
  deduplicated: boolean;
}

export class FilePageDto {
  items: FileDto[];

  /** Cursor of the next page; `null` on the last. */
  @ApiProperty({ type: String, nullable: true })
  nextCursor: string | null;
}

export class CreatedFilesDto {
  /** In the order of the parts. */
  items: CreatedFileDto[];
}
