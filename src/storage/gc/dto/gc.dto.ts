import { ApiProperty } from '@nestjs/swagger';
import { IsBoolean } from 'class-validator';
import { MayBeAbsent } from '../../../core/validation/may-be-absent.js';
import { BRAKES, type BrakeReason } from '../collection-report.js';

export class RunGcDto {
  /** Tell what a turn would do now, and change nothing. */
  @MayBeAbsent()
  @IsBoolean()
  dryRun?: boolean = false;

  /** Lift the brake `too-much` for this turn. */
  @MayBeAbsent()
  @IsBoolean()
  force?: boolean = false;

  /** Say that this database is the one that counts: lifts the brake `database-restored`. */
  @MayBeAbsent()
  @IsBoolean()
  acceptRestore?: boolean = false;
}

export class GcAmountDto {
  /** @example 12 */
  objects: number;

  /** Those of dead uploads are not known and count as none. */
  bytes: number;
}

export class GcRemovalsDto {
  /** Uploads taken for dead. */
  reaped: number;

  /** Holds whose time is over. */
  expired: number;

  /** Files without references whose rows are removed: their bytes follow after `GC_RETAIN_SECONDS`. */
  doomed: GcAmountDto;

  /** Objects removed: those of dead uploads twice, since a frozen writer may have woken up in between. */
  deleted: GcAmountDto;
}

export class GcHeldBackDto extends GcRemovalsDto {
  @ApiProperty({ enum: BRAKES })
  reason: BrakeReason;

  /** In words, with what lifts it. */
  detail: string;
}

export class GcReportDto extends GcRemovalsDto {
  /** `null`: not recorded, since nothing was changed. */
  @ApiProperty({ type: String, format: 'uuid', nullable: true })
  runId: string | null;

  dryRun: boolean;
  startedAt: Date;
  finishedAt: Date;

  /** Removals that failed and will be repeated. */
  failed: number;

  /** What a brake has kept the turn from. */
  @ApiProperty({ type: GcHeldBackDto, nullable: true })
  heldBack: GcHeldBackDto | null;
}

export class GcRunDto extends GcRemovalsDto {
  @ApiProperty({ format: 'uuid' })
  id: string;

  @ApiProperty({ enum: ['schedule', 'operator'] })
  askedBy: 'schedule' | 'operator';

  /** Its removals don't count against `GC_MAX_PERCENT`. */
  forced: boolean;

  startedAt: Date;

  /** `null`: it is running, or its process has died. */
  @ApiProperty({ type: Date, nullable: true })
  finishedAt: Date | null;

  failed: number;

  @ApiProperty({ enum: BRAKES, nullable: true })
  heldBack: BrakeReason | null;
}

export class GcFailureDto {
  storageKey: string;

  /** How often it was tried. */
  attempts: number;

  lastError: string;
  nextTryAt: Date;
}

export class GcFailuresDto {
  count: number;

  /** Those that failed most often. */
  items: GcFailureDto[];
}

export class StorageUseDto {
  /** Distinct contents. */
  files: number;

  /** Their bytes. */
  usedBytes: number;

  /** `null`: there is no quota. */
  @ApiProperty({ type: Number, nullable: true })
  quotaBytes: number | null;

  /** What the store has room for; `null`: it has no bound. */
  @ApiProperty({ type: Number, nullable: true })
  freeBytes: number | null;
}

export class GcStatusDto {
  /** What a turn would do now. */
  next: GcReportDto;

  /** The last turns that have changed something, or that somebody asked for; newest first. */
  runs: GcRunDto[];

  /** Removals that have failed so far. */
  failures: GcFailuresDto;

  storage: StorageUseDto;
}
