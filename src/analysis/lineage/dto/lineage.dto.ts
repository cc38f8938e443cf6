import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';

/** A content, whatever it is called where. */
export class LineageArtifactDto {
  /** @example sha256:5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03 */
  contentHash: string;

  /** `null`: there is no such file any more, or none that the caller may read. */
  @ApiProperty({ type: Number, nullable: true })
  fileId: number | null;

  /** Bytes. */
  @ApiProperty({ type: Number, nullable: true })
  size: number | null;
}

/** A job. Of one that the caller may not know more of all is `null` but its kind. */
export class LineageJobDto {
  @ApiProperty({ type: String, nullable: true })
  id: string | null;

  /** @example sampling */
  kind: string;

  @ApiProperty({ type: 'object', additionalProperties: true, nullable: true })
  parameters: Record<string, unknown> | null;

  @ApiProperty({ type: Number, nullable: true })
  seed: number | null;

  @ApiProperty({ type: String, nullable: true })
  engineVersion: string | null;

  @ApiProperty({ type: String, nullable: true })
  createdBy: string | null;

  @ApiProperty({ type: Date, nullable: true })
  startedAt: Date | null;

  @ApiProperty({ type: Date, nullable: true })
  finishedAt: Date | null;

  /** Whether `GET /v1/jobs/{id}` has forgotten it. */
  isRemoved: boolean;

  /** Whether some of what it has read or made is gone, or not for the caller to read. */
  isPartial: boolean;
}

export class LineageVersionDto {
  id: string;
  datasetId: string;

  /** Of the dataset. */
  slug: string;

  versionNumber: number;
  createdBy: string;
  createdAt: Date;
}

export class LineageNodeDto {
  /** Within this answer; the same each time. */
  id: string;

  @ApiProperty({ enum: ['artifact', 'job', 'version'] })
  type: string;

  @ApiPropertyOptional({ type: LineageArtifactDto })
  artifact?: LineageArtifactDto;

  @ApiPropertyOptional({ type: LineageJobDto })
  job?: LineageJobDto;

  @ApiPropertyOptional({ type: LineageVersionDto })
  version?: LineageVersionDto;
}

/** From what was there to what came of it. */
export class LineageEdgeDto {
  /**
   * A job has `used` an artifact or a version and `made` an artifact; a version `contains` an artifact, was
   * `published` of a job, and is a revision (`revised`) of another.
   */
  @ApiProperty({ enum: ['used', 'made', 'contains', 'published', 'revised'] })
  type: string;

  /** A node. */
  from: string;

  /** A node. */
  to: string;

  /** Where in the version. */
  path?: string;

  /** Of the output of the job. */
  name?: string;
}

/** What the caller may know of where something comes from, and of what was made of it. */
export class LineageDto {
  /** The node that was asked for. */
  root: string;

  /** Whether there is more, beyond `depth` or 1,000 nodes. */
  isTruncated: boolean;

  nodes: LineageNodeDto[];
  edges: LineageEdgeDto[];
}
