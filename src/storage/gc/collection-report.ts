/** What keeps the collector from removing anything until an operator says so. */
export const BRAKES = ['database-restored', 'too-much'] as const;

export type BrakeReason = (typeof BRAKES)[number];

export interface Amount {
  objects: number;
  /** Those of dead uploads are not known and count as none. */
  bytes: number;
}

/** What a turn does, or would do. */
export interface Removals {
  /** Uploads taken for dead. */
  reaped: number;
  /** Holds whose time is over. */
  expired: number;
  /** Files without references whose rows are removed: their bytes follow after GC_RETAIN_SECONDS. */
  doomed: Amount;
  /** Objects removed: those of dead uploads twice, since a frozen writer may have woken up in between. */
  deleted: Amount;
}

export const noRemovals = (): Removals => ({
  reaped: 0,
  expired: 0,
  doomed: { objects: 0, bytes: 0 },
  deleted: { objects: 0, bytes: 0 },
});

export interface HeldBack extends Removals {
  reason: BrakeReason;
  /** In words, with what lifts it. */
  detail: string;
}

export interface CollectionReport extends Removals {
  /** `null`: not recorded, since nothing was changed. */
  runId: string | null;
  dryRun: boolean;
  startedAt: Date;
  finishedAt: Date;
  /** Removals that failed and will be repeated. */
  failed: number;
  /** What a brake has kept the turn from. */
  heldBack: HeldBack | null;
}

export interface CollectionOptions {
  /** Tells what a turn would do now, and changes nothing. */
  dryRun?: boolean;
  /** Lifts the brake `too-much` for this turn. */
  force?: boolean;
  /** Says that this database is the one that counts, though the store has seen a later one. */
  acceptRestore?: boolean;
}
