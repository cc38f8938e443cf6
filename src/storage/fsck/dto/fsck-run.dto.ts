import { ApiProperty } from '@nestjs/swagger';
import { FSCK_STATUSES } from '../entities/fsck-run.entity.js';
import { FSCK_KINDS, FSCK_OUTCOMES, FSCK_PHASES } from '../findings.js';

/** How far a check is. */
export class FsckProgressDto {
  @ApiProperty({ type: String, enum: FSCK_PHASES, nullable: true })
  phase: string | null;

  /** Rows of files that were checked. */
  files: number;

  /** Rows of files, as it was at the beginning. */
  filesTotal: number;

  /** Objects of the store that were looked up. */
  objects: number;

  /** Bytes that were read and hashed. */
  bytes: number;
}

/** Something that is not as it should be. */
export class FsckFindingDto {
  @ApiProperty({ enum: Object.keys(FSCK_KINDS) })
  kind: string;

  message: string;

  /** What was done about it; `kept`: a repair takes it only later, or never. */
  @ApiProperty({ enum: FSCK_OUTCOMES })
  outcome: string;

  fileId?: number;

  /** @example sha256:5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03 */
  contentHash?: string;

  storageKey?: string;
  referenceId?: string;
  intentId?: string;

  /** Who uses bytes that are lost: the first 20. */
  uses?: string[];

  /** References on bytes that are lost. */
  references?: number;
}

/** A check of the store. */
export class FsckRunDto {
  id: string;

  /** `interrupted`: its process ended before it did. */
  @ApiProperty({ enum: FSCK_STATUSES })
  status: string;

  /** Percent of the files that are read. */
  @ApiProperty({ format: 'double', maximum: 100 })
  readData: number;

  repair: boolean;

  /** Chose the files that are read. */
  seed: number;

  /** The user who has started it. */
  startedBy: string;

  startedAt: Date;

  @ApiProperty({ type: Date, nullable: true })
  finishedAt: Date | null;

  progress: FsckProgressDto;

  /** How many findings there are of each kind. */
  @ApiProperty({ type: 'object', additionalProperties: { type: 'integer' } })
  byKind: Record<string, number>;

  /** Findings that are not mended. */
  left: number;

  /** Why it did not come to its end. */
  @ApiProperty({ type: String, nullable: true })
  error: string | null;
}

export class FsckRunDetailDto extends FsckRunDto {
  /** The first 1,000. */
  findings: FsckFindingDto[];
}

export class FsckRunPageDto {
  items: FsckRunDto[];

  /** Cursor of the next page; `null` on the last. */
  @ApiProperty({ type: String, nullable: true })
  nextCursor: string | null;
}
