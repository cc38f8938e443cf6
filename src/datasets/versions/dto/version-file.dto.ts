import { ApiProperty } from '@nestjs/swagger';

/** Changes that lie over the rows of a file. */
export class VersionFilePatchesDto {
  /** How many there are. */
  count: number;

  /**
   * Columns that tell the rows apart.
   * @example ['date']
   */
  key: string[];

  /**
   * Of all that the rows are made of: it changes when they do.
   * @example sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855
   */
  digest: string;

  /** The file that they lie over. */
  baseFileId: number;

  baseContentHash: string;

  /** Bytes of it. */
  baseSize: number;

  /** Of all patches. */
  inserts: number;

  updates: number;

  deletes: number;
}

/** A file at its path in a version; with a delimiter also a folder, told once. */
export class VersionFileDto {
  /** @example data/seattle-weather.csv */
  path: string;

  @ApiProperty({ enum: ['file', 'folder'] })
  kind: 'file' | 'folder';

  /**
   * Of its bytes, like `contentHash` and `size`; these are `null` where `patches` lie over its rows, since
   * its bytes are then those of no file.
   * @example 17
   */
  @ApiProperty({ type: Number, nullable: true })
  fileId: number | null;

  /** @example sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855 */
  @ApiProperty({ type: String, nullable: true })
  contentHash: string | null;

  /** Bytes. */
  @ApiProperty({ type: Number, nullable: true, example: 48219 })
  size: number | null;

  @ApiProperty({ type: String, nullable: true, example: 'csv' })
  fileType: string | null;

  @ApiProperty({ type: String, nullable: true, example: 'seattle-weather.csv' })
  fileName: string | null;

  @ApiProperty({ type: String, nullable: true, example: 'text/csv' })
  mimeType: string | null;

  @ApiProperty({ type: String, nullable: true, example: null })
  compressionType: string | null;

  /** The place that its commit gave it among the others. */
  @ApiProperty({ type: Number, nullable: true, example: 0 })
  index: number | null;

  @ApiProperty({ type: 'object', additionalProperties: true, nullable: true })
  metadata: Record<string, unknown> | null;

  /** Changes that lie over its rows; `null`: none. */
  @ApiProperty({ type: VersionFilePatchesDto, nullable: true })
  patches: VersionFilePatchesDto | null;
}

export class VersionFilePageDto {
  items: VersionFileDto[];

  /** Cursor of the next page; `null` on the last. */
  @ApiProperty({ type: String, nullable: true })
  nextCursor: string | null;
}
