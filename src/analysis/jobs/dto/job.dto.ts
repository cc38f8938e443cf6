import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { JOB_STATUSES } from '../../../core/contracts/jobs.contract.js';

/** What a job reads, as it was named and as it was pinned. */
export class PinnedSourceDto {
  datasetId: string;

  /** As it was named. */
  ref: string;

  versionId: string;
  versionNumber: number;

  /** `null`: the version as a whole. */
  @ApiProperty({ type: String, nullable: true })
  path: string | null;
}

/** What a job has made; `GET /v1/files/{id}` has it. */
export class JobOutputDto {
  /** @example sample */
  name: string;

  fileId: number;
}

/** Why a job failed. */
export class JobFailureDto {
  /** @example job-deadline */
  code: string;

  detail: string;
}

/** A job. */
export class JobDto {
  id: string;

  /** @example sampling */
  kind: string;

  @ApiProperty({ enum: JOB_STATUSES })
  status: string;

  /** From 0 to 1. */
  @ApiProperty({ format: 'double', minimum: 0, maximum: 1 })
  progress: number;

  /** What it is at. */
  @ApiProperty({ type: String, nullable: true })
  message: string | null;

  @ApiProperty({ type: PinnedSourceDto, nullable: true })
  source: PinnedSourceDto | null;

  @ApiProperty({ type: 'object', additionalProperties: true })
  parameters: Record<string, unknown>;

  /**
   * SHA-256 of what it reads.
   * @example ["sha256:5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03"]
   */
  inputDigests: string[];

  /** Decides what is chosen by chance. */
  seed: number;

  /** Of what carries it out. */
  @ApiProperty({ type: String, nullable: true })
  engineVersion: string | null;

  priority: number;

  /** When it fails if it has not ended. */
  deadline: Date;

  /** Empty until it has succeeded. */
  outputs: JobOutputDto[];

  /** Of a job that has failed. */
  @ApiPropertyOptional({ type: JobFailureDto })
  error?: JobFailureDto;

  /** The user who has submitted it. */
  createdBy: string;

  createdAt: Date;

  /** When a worker has begun it, the last time. */
  @ApiProperty({ type: Date, nullable: true })
  startedAt: Date | null;

  @ApiProperty({ type: Date, nullable: true })
  finishedAt: Date | null;

  /** How often a worker has begun it: again after a worker has died. */
  attempts: number;
}

export class JobPageDto {
  items: JobDto[];

  /** Cursor of the next page; `null` on the last. */
  @ApiProperty({ type: String, nullable: true })
  nextCursor: string | null;
}
