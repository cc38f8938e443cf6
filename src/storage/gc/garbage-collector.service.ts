import { randomUUID } from 'node:crypto';
import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { PeriodicTask } from '../../core/background/periodic-task.js';
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
export class GarbageCollector extends PeriodicTask implements OnModuleInit {
  private lastTold: { reason: BrakeReason; at: number } | null = null;
  private lastBrake: BrakeReason | null = null;

  constructor(
    @Inject(ENV) env: Env,
    @Inject(AUDIT_LOG) private readonly audit: IAuditLog,
    private readonly collection: Collection,
    private readonly runs: GcRunsRepository,
    private readonly metrics: Metrics,
    private readonly unitOfWork: UnitOfWork,
  ) {
    super({ intervalMs: env.GC_INTERVAL_SECONDS * 1000, failure: 'Garbage collection failed.' });
  }

  /** What holds it back is told from the start on: its first turn may be far away, or never come. */
  async onModuleInit(): Promise<void> {
    await this.collect({ dryRun: true }).catch((error: unknown) => {
      this.logger.warn({ err: error }, 'Whether the collector is held back is not known yet.');
    });
  }

  override async beforeApplicationShutdown(): Promise<void> {
    this.collection.stop();
    await super.beforeApplicationShutdown();
  }

  /** What keeps this process's collector from removing anything, as its last look has found it. */
  get brake(): BrakeReason | null {
    return this.lastBrake;
  }

  protected async turn(): Promise<void> {
    const report = await this.noted({}, () => this.collection.turn(scheduled(), {}));
    if (report.runId) this.logger.log(report, 'Garbage collected.');
  }

  /** A turn by itself, when the one that runs is over; a dry run waits for none. */
  async collect(options: CollectionOptions = {}): Promise<CollectionReport> {
    const turn = () => this.noted(options, () => this.collection.turn(scheduled(), options));
    return await (options.dryRun ? turn() : this.alone(turn));
  }

  /**
   * A turn that somebody asked for, recorded before it begins, with who it was in the audit log.
   * @param actor `null`: a command on the machine
   */
  async run(actor: Principal | null, options: CollectionOptions): Promise<CollectionReport> {
    if (options.dryRun) return await this.collect(options);
    const { force = false, acceptRestore = false } = options;
    const run = { id: randomUUID(), askedBy: 'operator', forced: force } as const;
    const turn = async (): Promise<CollectionReport> => {
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
    };
    return await this.alone(() => this.noted(options, turn));
  }

  private async noted(
    { dryRun, force, acceptRestore }: CollectionOptions,
    turn: () => Promise<CollectionReport>,
  ): Promise<CollectionReport> {
    const report = await turn();
    // What it would be like without a brake says nothing of the brake.
    if (!dryRun || !(force || acceptRestore)) this.note(report);
    return report;
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
}

const scheduled = () => ({ id: randomUUID(), askedBy: 'schedule', forced: false }) as const;
