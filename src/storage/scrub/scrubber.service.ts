import { Inject, Injectable } from '@nestjs/common';
import { PeriodicTask } from '../../core/background/periodic-task.js';
import { ENV, type Env } from '../../core/config/config.js';
import {
  STORAGE_BACKEND,
  type IStorageBackend,
} from '../../core/contracts/storage-backend.contract.js';
import { Metrics } from '../../core/metrics/metrics.js';
import type { FileHealth } from '../entities/stored-file.entity.js';
import { verifyObject, type Verdict } from '../fsck/verify-object.js';
import { ScrubRepository, type ClaimedFile } from './scrub.repository.js';

const LOOK_MS = 60_000;
/** A file that the store failed on is left alone for so long. */
const RETRY_SECONDS = 3600;
/** Then it is the store that fails. */
const MAX_FAILURES = 5;

const HEALTH: Record<Verdict['is'], FileHealth> = {
  whole: 'ok',
  missing: 'missing',
  'wrong-size': 'corrupt',
  corrupt: 'corrupt',
};

export interface ScrubReport {
  /** Read to their end. */
  files: number;
  bytes: number;
  /** Damaged or lost. */
  rotten: number;
  /** Those that the store failed on. */
  failed: number;
}

/**
 * Reads all stored bytes again, each file once in a while, at a bounded rate, and marks what is not what
 * it was: so rot is found while the bytes may still be had elsewhere, and the next upload of the same
 * bytes heals it. Any number of processes share the work. A file is marked as unchecked before it is
 * read: one that makes its reader fail is not passed over, and comes first the next time.
 */
@Injectable()
export class Scrubber extends PeriodicTask {
  private readonly stopping = new AbortController();

  constructor(
    @Inject(STORAGE_BACKEND) private readonly backend: IStorageBackend,
    @Inject(ENV) private readonly env: Env,
    private readonly files: ScrubRepository,
    private readonly metrics: Metrics,
  ) {
    const intervalMs = env.SCRUB_BYTES_PER_SECOND > 0 ? LOOK_MS : 0;
    super({ intervalMs, failure: 'The scrub failed.' });
  }

  override async beforeApplicationShutdown(): Promise<void> {
    this.stopping.abort();
    await super.beforeApplicationShutdown();
  }

  protected async turn(): Promise<void> {
    const report = await this.scrub();
    if (report.rotten > 0 || report.failed > 0) this.logger.warn(report, 'Bytes read again.');
  }

  /** Reads everything whose turn it is. */
  async scrub(): Promise<ScrubReport> {
    const report = { files: 0, bytes: 0, rotten: 0, failed: 0 };
    // Off by itself, it can still be asked to; then it need not be slow.
    const rate = this.env.SCRUB_BYTES_PER_SECOND || Number.MAX_SAFE_INTEGER;
    const { name } = this.backend;
    while (!this.stopping.signal.aborted && report.failed < MAX_FAILURES) {
      const file = await this.files.claim(name, this.env.SCRUB_INTERVAL_DAYS, rate);
      if (!file) break;
      await this.scrubFile(file, rate, report);
    }
    return report;
  }

  private async scrubFile(file: ClaimedFile, rate: number, report: ScrubReport): Promise<void> {
    const { signal } = this.stopping;
    let verdict: Verdict;
    try {
      verdict = await verifyObject(this.backend, file, { signal, bytesPerSecond: rate });
    } catch (error) {
      await this.files.giveBack(file, signal.aborted ? 0 : RETRY_SECONDS);
      if (signal.aborted) return;
      report.failed += 1;
      this.logger.warn({ err: error, fileId: file.id }, 'A file could not be read; trying later.');
      return;
    }
    report.files += 1;
    report.bytes += verdict.bytes;
    this.metrics.scrubbedBytes.inc(verdict.bytes);
    const found = HEALTH[verdict.is];
    const isNoted = await this.files.finish(file, found);
    this.metrics.scrubbedObjects.inc({ found: isNoted ? found : 'gone' });
    if (found === 'ok' || !isNoted) return;
    report.rotten += 1;
    this.logger.error(
      { fileId: file.id, storageKey: file.storageKey, contentHash: file.contentHash },
      `Stored bytes are ${found}. An upload of the same bytes heals them.`,
    );
  }
}
