import { Inject, Injectable, Logger } from '@nestjs/common';
import {
  STORAGE_BACKEND,
  type IStorageBackend,
} from '../../core/contracts/storage-backend.contract.js';
import { ENV, type Env } from '../../core/config/config.js';
import { UnitOfWork, type Transaction } from '../../core/database/index.js';
import { faultPoint } from '../../core/faults/fault-points.js';
import {
  noRemovals,
  type Amount,
  type BrakeReason,
  type CollectionOptions,
  type CollectionReport,
  type HeldBack,
  type Removals,
} from './collection-report.js';
import { GarbageRepository, type Delays, type DueDelete } from './garbage.repository.js';
import { GcRunsRepository, type RunIdentity, type RunProgress } from './gc-runs.repository.js';
import { RestoreGuard, type Standing } from './restore-guard.service.js';

const BATCH = 100;

/** Below this many files, GC_MAX_PERCENT is of no use: a few are many percent. */
const BRAKE_FROM_OBJECTS = 1000;

type Turn = CollectionReport & { run: RunIdentity };

/** One turn of the collector: everything that is due now. Only objects of this process's backend are removed. */
@Injectable()
export class Collection {
  private readonly logger = new Logger(Collection.name);
  private stopped = false;

  constructor(
    @Inject(STORAGE_BACKEND) private readonly backend: IStorageBackend,
    @Inject(ENV) private readonly env: Env,
    private readonly garbage: GarbageRepository,
    private readonly guard: RestoreGuard,
    private readonly runs: GcRunsRepository,
    private readonly unitOfWork: UnitOfWork,
  ) {}

  /** The running turn ends after its present batch, and no other begins. */
  stop(): void {
    this.stopped = true;
  }

  async turn(run: RunIdentity, options: CollectionOptions = {}): Promise<CollectionReport> {
    const startedAt = new Date();
    const standing = await this.guard.look();
    const foreseen = await this.foresee();
    const heldBack = await this.brakeOn(standing, foreseen, options);
    const turn: Turn = {
      ...noRemovals(),
      run,
      runId: null,
      dryRun: options.dryRun ?? false,
      startedAt,
      finishedAt: startedAt,
      failed: 0,
      heldBack,
    };
    if (turn.dryRun) Object.assign(turn, without(foreseen, heldBack?.reason));
    else if (heldBack?.reason !== 'database-restored') {
      const hasWork = Object.values(flat(foreseen)).some(Boolean);
      const accepted = standing.restored === null ? null : standing;
      // Before anything that can't be taken back, so that a database without it is found out.
      if (standing.needsMark || hasWork || accepted) await this.guard.mark(accepted);
      if (hasWork) await this.remove(turn, foreseen);
    }
    return await this.finish(turn);
  }

  private async brakeOn(
    { restored }: Standing,
    foreseen: Removals,
    { acceptRestore, force }: CollectionOptions,
  ): Promise<HeldBack | null> {
    if (restored !== null && !acceptRestore) {
      return { reason: 'database-restored', detail: restored, ...foreseen };
    }
    const detail = force ? null : await this.tooMuch(foreseen.doomed);
    if (detail === null) return null;
    const { doomed, deleted } = foreseen;
    return { reason: 'too-much', detail, ...noRemovals(), doomed, deleted };
  }

  private async remove(turn: Turn, foreseen: Removals): Promise<void> {
    turn.reaped = await this.step(turn, async (tx) => ({
      reaped: await this.garbage.reapUploads(tx),
    })).then(({ reaped = 0 }) => reaped);
    faultPoint('G2');
    for (let found = BATCH; found >= BATCH && !this.stopped; turn.expired += found) {
      const step = await this.step(turn, async (tx) => ({
        expired: await this.garbage.expireReferences(tx, BATCH),
      }));
      found = step.expired ?? 0;
    }
    if (turn.heldBack) return;
    await this.doom(turn, foreseen.doomed.objects);
    await this.deleteAll(turn);
  }

  /** No more than the brake was asked about: what has come since is for the next turn. */
  private async doom(turn: Turn, atMost: number): Promise<void> {
    const { doomed } = turn;
    while (doomed.objects < atMost && !this.stopped) {
      const batch = Math.min(BATCH, atMost - doomed.objects);
      const step = await this.step(turn, async (tx) => {
        const done = { doomed: await this.garbage.doom(tx, { ...this.delays, batch }) };
        faultPoint('G1');
        return done;
      });
      add(doomed, step.doomed as Amount);
      if ((step.doomed as Amount).objects < batch) return;
    }
  }

  private async deleteAll(turn: Turn): Promise<void> {
    for (;;) {
      const due = this.stopped
        ? []
        : await this.unitOfWork.run((tx) => this.garbage.takeDeletes(tx, this.backend.name, BATCH));
      if (due.length === 0) return;
      const deleted = { objects: 0, bytes: 0 };
      for (const object of due) {
        if (await this.delete(object)) add(deleted, { objects: 1, bytes: object.size });
      }
      const failed = due.length - deleted.objects;
      await this.step(turn, async () => ({ deleted, failed }));
      add(turn.deleted, deleted);
      turn.failed += failed;
      // The store does not answer: thousands of calls would wait for it in vain.
      if (deleted.objects === 0) return;
    }
  }

  private async delete(due: DueDelete): Promise<boolean> {
    try {
      await this.backend.deleteFile(due.storageKey);
      faultPoint('G3');
      // Longer than any writer frozen at the worst moment is likely to sleep.
      const secondPassAfter = this.env.UPLOAD_LEASE_SECONDS * 10;
      await this.unitOfWork.run((tx) => this.garbage.finishDelete(tx, due, secondPassAfter));
      return true;
    } catch (error) {
      this.logger.warn(
        { err: error, intent: due.id },
        'An object could not be removed; trying later.',
      );
      await this.unitOfWork
        .run((tx) => this.garbage.postpone(tx, due.id, reasonOf(error)))
        .catch(() => undefined);
      return false;
    }
  }

  /** A step and its line in the record, in one transaction. */
  private async step(
    { run }: Turn,
    work: (tx: Transaction) => Promise<RunProgress>,
  ): Promise<RunProgress> {
    return await this.unitOfWork.run(async (tx) => {
      const progress = await work(tx);
      if (Object.values(flat(progress)).some(Boolean)) await this.runs.add(tx, run, progress);
      return progress;
    });
  }

  private async finish({ run, ...report }: Turn): Promise<CollectionReport> {
    const { dryRun, heldBack } = report;
    const isRecorded =
      !dryRun &&
      (await this.unitOfWork.run((tx) => this.runs.finish(tx, run.id, heldBack?.reason ?? null)));
    return { ...report, runId: isRecorded ? run.id : null, finishedAt: new Date() };
  }

  private async foresee(): Promise<Removals> {
    return await this.unitOfWork.run((tx) =>
      this.garbage.foresee(tx, this.backend.name, this.delays),
    );
  }

  /** Why it is too much, in words. */
  private async tooMuch(due: Amount): Promise<string | null> {
    const percent = this.env.GC_MAX_PERCENT;
    if (due.objects === 0 || percent >= 100) return null;
    const [files, gone] = await this.unitOfWork.run(async (tx) => [
      await this.garbage.countFiles(tx),
      await this.runs.doomedInADay(tx),
    ]);
    const [all, removed] = [added(files, gone), added(due, gone)];
    if (all.objects < BRAKE_FROM_OBJECTS) return null;
    const isTooMuch = (unit: keyof Amount): boolean => removed[unit] > (all[unit] * percent) / 100;
    if (!isTooMuch('objects') && !isTooMuch('bytes')) return null;
    return `With this turn ${removed.objects} of ${all.objects} files and ${removed.bytes} of ${all.bytes} bytes would be removed within a day, and GC_MAX_PERCENT is ${percent}. If that is meant: npm run gc -- --force.`;
  }

  private get delays(): Delays {
    return {
      graceSeconds: this.env.GC_GRACE_SECONDS,
      retainSeconds: this.env.GC_RETAIN_SECONDS,
    };
  }
}

/** What is left of it under a brake. */
function without(foreseen: Removals, brake: BrakeReason | undefined): Removals {
  if (!brake) return foreseen;
  const { reaped, expired } = foreseen;
  return brake === 'too-much' ? { ...noRemovals(), reaped, expired } : noRemovals();
}

const added = (a: Amount, b: Amount): Amount => ({
  objects: a.objects + b.objects,
  bytes: a.bytes + b.bytes,
});

const add = (sum: Amount, more: Amount): void => void Object.assign(sum, added(sum, more));

const flat = ({ doomed, deleted, ...counts }: RunProgress) => ({
  ...counts,
  doomed: doomed?.objects,
  deleted: deleted?.objects,
});

/** For the operator: in the backend's own words, which its caller is not told. */
function reasonOf(error: unknown): string {
  const own = (error as { cause?: unknown } | null)?.cause ?? error;
  return String(own);
}
