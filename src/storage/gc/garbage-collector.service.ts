import { randomUUID } from 'node:crypto';
import {
  Inject,
  Injectable,
  Logger,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { ENV, type Env } from '../../core/config/config.js';
import { AUDIT_LOG, type IAuditLog } from '../../core/contracts/audit-log.contract.js';
import type { Principal } from '../../core/contracts/principal.contract.js';
import { UnitOfWork } from '../../core/database/index.js';
import { Metrics } from '../../core/metrics/metrics.js';
import {
  BRAKES,
  type BrakeReason,
  type CollectionOptions,
  type CollectionReport,
} from './collection-report.js';
import { Collection } from './collection.service.js';
import { GcRunsRepository } from './gc-runs.repository.js';

/** A brake is told of this often, and not each minute. */
const TELL_EVERY_MS = 60 * 60 * 1000;

/**
 * Removes what nobody refers to, online, in any number of processes at once, without a leader. It
 * is correct at a grace of zero: grace and retention are only for people who change their mind.
 * One turn at a time in each process.
 */
@Injectable()
export class GarbageCollector implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly logger = new Logger(GarbageCollector.name);
  private timer: NodeJS.Timeout | null = null;
  private running: Promise<unknown> = Promise.resolve();
  private stopped = false;
  private lastTold: { reason: BrakeReason; at: number } | null = null;
  private lastBrake: BrakeReason | null = null;

  constructor(
    @Inject(ENV) private readonly env: Env,
    @Inject(AUDIT_LOG) private readonly audit: IAuditLog,
    private readonly collection: Collection,
    private readonly runs: GcRunsRepository,
    private readonly metrics: Metrics,
    private readonly unitOfWork: UnitOfWork,
  ) {}

  onApplicationBootstrap(): void {
    if (this.env.GC_INTERVAL_SECONDS > 0) this.schedule();
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.stopped = true;
    this.collection.stop();
    if (this.timer) clearTimeout(this.timer);
    await this.running;
  }

  /** What keeps this process's collector from removing anything, as its last turn has found it. */
  get brake(): BrakeReason | null {
    return this.lastBrake;
  }

  /** A turn by itself, when the one that runs is over; a dry run waits for none. */
  async collect(options: CollectionOptions = {}): Promise<CollectionReport> {
    const run = { id: randomUUID(), askedBy: 'schedule', forced: false } as const;
    return await this.inTurn(options, () => this.collection.turn(run, options));
  }

  /**
   * A turn that somebody asked for, recorded before it begins, with who it was in the audit log.
   * @param actor `null`: a command on the machine
   */
  async run(actor: Principal | null, options: CollectionOptions): Promise<CollectionReport> {
    if (options.dryRun) return await this.collect(options);
    const { force = false, acceptRestore = false } = options;
    const run = { id: randomUUID(), askedBy: 'operator', forced: force } as const;
    return await this.inTurn(options, async () => {
      await this.unitOfWork.run(async (tx) => {
        await this.runs.add(tx, run, {});
        await this.audit.record(tx, actor, {
          action: 'gc.run',
          targets: [`gc-run:${run.id}`],
          before: null,
          after: { force, acceptRestore },
          details: { force, acceptRestore },
        });
      });
      return await this.collection.turn(run, options);
    });
  }

  private inTurn(
    { dryRun, force, acceptRestore }: CollectionOptions,
    turn: () => Promise<CollectionReport>,
  ): Promise<CollectionReport> {
    const before = dryRun ? Promise.resolve() : this.running;
    const result = before.then(async () => {
      const report = await turn();
      // What it would be like without a brake says nothing of the brake.
      if (!dryRun || !(force || acceptRestore)) this.note(report);
      return report;
    });
    if (!dryRun) this.running = result.catch(() => undefined);
    return result;
  }

  private note({ dryRun, doomed, deleted, heldBack }: CollectionReport): void {
    const brake = heldBack?.reason ?? null;
    this.lastBrake = brake;
    for (const reason of BRAKES) this.metrics.gcBrake.set({ reason }, Number(reason === brake));
    if (!dryRun) {
      this.metrics.gcDoomedBytes.inc(doomed.bytes);
      this.metrics.gcDeletedBytes.inc(deleted.bytes);
    }
    if (!heldBack) {
      this.lastTold = null;
      return;
    }
    const { lastTold } = this;
    if (lastTold?.reason === brake && Date.now() - lastTold.at < TELL_EVERY_MS) return;
    this.lastTold = { reason: heldBack.reason, at: Date.now() };
    this.logger.warn(heldBack, `The garbage collector is held back: ${heldBack.detail}`);
  }

  private schedule(): void {
    this.timer = setTimeout(() => {
      void this.collect()
        .then((report) => {
          if (report.runId) this.logger.log(report, 'Garbage collected.');
        })
        .catch((error: unknown) => this.logger.error({ err: error }, 'Garbage collection failed.'))
        .finally(() => {
          if (!this.stopped) this.schedule();
        });
    }, this.env.GC_INTERVAL_SECONDS * 1000);
    this.timer.unref();
  }
}
