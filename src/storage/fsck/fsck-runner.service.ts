import { Inject, Injectable, Logger } from '@nestjs/common';
import { DiscoveryService } from '@nestjs/core';
import { ENV, type Env } from '../../core/config/config.js';
import { FileUses, type IFileUses } from '../../core/contracts/file-uses.contract.js';
import {
  STORAGE_BACKEND,
  type IStorageBackend,
} from '../../core/contracts/storage-backend.contract.js';
import { UnitOfWork } from '../../core/database/index.js';
import { AppError } from '../../core/errors/index.js';
import { strangersOf } from '../backends/storage-backends.js';
import { checkStore } from './check-store.js';
import { FsckRunsRepository } from './fsck-runs.repository.js';
import type { FsckFinding, FsckOptions, FsckProgress } from './findings.js';

const BEAT_MS = 2000;
/** More are counted and not kept. */
const KEPT_FINDINGS = 1000;

/** Carries out the run of this process, and writes down how far it is. */
@Injectable()
export class FsckRunner {
  private readonly logger = new Logger(FsckRunner.name);
  private readonly stopping = new AbortController();
  /** A run that was cancelled may still be at its last step when the next one begins. */
  private readonly running = new Set<Promise<void>>();

  constructor(
    @Inject(STORAGE_BACKEND) private readonly backend: IStorageBackend,
    @Inject(ENV) private readonly env: Env,
    private readonly runs: FsckRunsRepository,
    private readonly discovery: DiscoveryService,
    private readonly unitOfWork: UnitOfWork,
  ) {}

  begin(id: string, options: FsckOptions): void {
    const run = this.run(id, options)
      .catch((error: unknown) => {
        // It is taken for dead when its last sign of life is old enough.
        this.logger.error({ err: error, run: id }, 'The end of a check could not be written down.');
      })
      .finally(() => this.running.delete(run));
    this.running.add(run);
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    await Promise.all(this.running);
  }

  private async run(id: string, options: FsckOptions): Promise<void> {
    const cancelled = new AbortController();
    const findings: FsckFinding[] = [];
    let progress: Readonly<FsckProgress> | null = null;
    const beat = async (): Promise<void> => {
      if (progress && !(await this.runs.beat(id, progress, findings))) cancelled.abort();
    };
    const timer = setInterval(() => {
      beat().catch((error: unknown) =>
        this.logger.warn({ err: error }, 'A check could not tell how far it is; trying again.'),
      );
    }, BEAT_MS).unref();
    let error: unknown = null;
    try {
      await checkStore(this.parts(), {
        ...options,
        signal: AbortSignal.any([this.stopping.signal, cancelled.signal]),
        onFinding: (finding) => {
          if (findings.length < KEPT_FINDINGS) findings.push(finding);
        },
        onProgress: (now) => (progress = now),
      });
    } catch (caught) {
      error = caught;
    } finally {
      clearInterval(timer);
    }
    if (cancelled.signal.aborted) return;
    await beat();
    await this.finish(id, error);
  }

  private async finish(id: string, error: unknown): Promise<void> {
    if (error === null) {
      await this.runs.finish(id, 'succeeded', null);
    } else if (this.stopping.signal.aborted) {
      await this.runs.finish(id, 'interrupted', 'The service was stopped.');
    } else {
      this.logger.error({ err: error, run: id }, 'A check of the store did not come to its end.');
      const reason = error instanceof AppError ? error.message : 'The log has the reason.';
      await this.runs.finish(id, 'failed', reason);
    }
  }

  private parts(): Parameters<typeof checkStore>[0] {
    const found = this.discovery.getProviders({ metadataKey: FileUses.KEY });
    return {
      unitOfWork: this.unitOfWork,
      backend: this.backend,
      strangers: strangersOf(this.env),
      uses: found.map(({ instance }) => instance as IFileUses),
      retainSeconds: this.env.GC_RETAIN_SECONDS,
    };
  }
}
