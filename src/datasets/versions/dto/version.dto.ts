import { ApiProperty } from '@nestjs/swagger';

/** What has made the files of a version. */
export class MadeByDto {
  /** The job whose outputs were published; `GET …/versions/{ref}/lineage` has more. */
  jobId: string;

  /** The version that the job was about; `null`: none. */
  @ApiProperty({ type: String, nullable: true })
  sourceVersionId: string | null;
}

/** An immutable version: its parent, and what was changed against it. */
export class VersionDto {
  /** @example 01a20ed1-0acd-765a-aaa5-15c08cde0dc7 */
  id: string;

  datasetId: string;

  /**
   * 1, 2, 3 … in the dataset, whatever the branch.
   * @example 2
   */
  versionNumber: number;

  /** The version it was made on; `null` for the first. */
  @ApiProperty({ type: String, nullable: true })
  parentId: string | null;

  /** The other version that a merge took in. */
  @ApiProperty({ type: String, nullable: true, example: null })
  mergedId: string | null;

  /** Of a version that was published of a job. */
  @ApiProperty({ type: MadeByDto, nullable: true, example: null })
  madeBy: MadeByDto | null;

  /** @example Correct the units of wind */
  message: string;

  /** The overlay document, a file of its own: the changes as canonical JSON. */
  overlayFileId: number;

  /**
   * Files that the version shows.
   * @example 12
   */
  fileCount: number;

  /**
   * Bytes of them.
   * @example 481923
   */
  totalBytes: number;

  /** The principal that made it. */
  createdBy: string;

  createdAt: Date;
}

export class VersionPageDto {
  items: VersionDto[];

  /** Cursor of the next page; `null` on the last. */
  @ApiProperty({ type: String, nullable: true })
  nextCursor: string | null;
}
