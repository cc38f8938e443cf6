import {
  Inject,
  Injectable,
  Logger,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { availableParallelism } from 'node:os';
import { ENV, type Env } from '../../core/config/config.js';
import { HealthChecks } from '../../core/health/health-checks.js';
import { Metrics } from '../../core/metrics/metrics.js';
import { LocalContents, type WantedContent } from '../sources/local-contents.service.js';
import { EngineCrashedError } from '../tabular.errors.js';
import { ChildPool } from './child-pool.js';
import type { EngineChild } from './engine-child.js';
import { EngineSession } from './engine-session.js';
import { FairQueue } from './fair-queue.js';
import { Quarantine } from './quarantine.js';
import { findSandbox } from './sandbox.js';

/** Of a child's memory, what DuckDB may use for its buffers; the rest is code, results and readers. */
const DUCKDB_SHARE = 0.6;

export interface SessionOptions {
  /** Whose work it is: turns are shared fairly, and children are not shared at all. */
  callerId: string;
  contents: readonly WantedContent[];
  /** Seconds that it may take from its turn on. */
  deadlineSeconds: number;
  /** Ends it. */
  signal?: AbortSignal;
  /** Of DuckDB; default: as the settings say. */
  threads?: number;
}

/**
 * Runs DuckDB and the readers in child processes: never in this one, since a crafted file may end the
 * process that reads it, and a query need not listen to an interrupt. Each has limits on memory, threads,
 * temporary disk and time; what ends with SIGKILL fails one request and no other.
 */
@Injectable()
export class Engine implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly logger = new Logger(Engine.name);
  private readonly queue: FairQueue;
  private readonly pool: ChildPool;
  private readonly quarantine = new Quarantine();
  private missing: string[] = [];

  constructor(
    @Inject(ENV) private readonly env: Env,
    private readonly contents: LocalContents,
    private readonly metrics: Metrics,
    private readonly health: HealthChecks,
  ) {
    this.pool = new ChildPool({
      dataFolder: env.STRATUM_DATA_DIR,
      memoryBytes: env.ENGINE_MEMORY_BYTES,
      size: env.ENGINE_PROCESSES,
      spares: env.ENGINE_SPARE_PROCESSES,
    });
    this.queue = new FairQueue({
      slots: env.ENGINE_PROCESSES,
      waitingPerCaller: env.ENGINE_QUEUE_PER_USER,
      waiting: 10 * env.ENGINE_QUEUE_PER_USER,
    });
  }

  async onApplicationBootstrap(): Promise<void> {
    const { sandbox, missing } = await findSandbox();
    this.pool.begin(sandbox);
    this.missing = missing;
    if (missing.length > 0) {
      this.logger.warn(
        `What keeps the processes apart that read users' files is less here: no ${missing.join(', no ')}.`,
      );
    }
    this.health.add('engine', async () => ({
      processes: this.pool.count,
      waiting: this.queue.length,
      ...(this.missing.length > 0 && { missing: this.missing }),
    }));
  }

  /** What runs is cut off: its requests have had their time to end by now. */
  async beforeApplicationShutdown(): Promise<void> {
    await this.pool.end();
  }

  /**
   * Does work in a child, with these contents in its folder. Whatever is left of it goes at the end.
   * @throws EngineBusyError, ContentQuarantinedError, EngineDeadlineError, EngineMemoryError,
   *   EngineCrashedError; what its calls throw; what the contents' reading throws
   */
  async session<T>(
    options: SessionOptions,
    work: (session: EngineSession) => Promise<T>,
  ): Promise<T> {
    const hashes = options.contents.map(({ contentHash }) => contentHash);
    this.quarantine.admit(hashes);
    this.metrics.engineWaiting.set(this.queue.length);
    const endTurn = await this.queue.turn(options.callerId, options.signal);
    const observe = this.metrics.engineSeconds.startTimer();
    let child: EngineChild | undefined;
    try {
      child = await this.pool.take(options.callerId);
      const result = await this.within(child, options, work);
      observe({ outcome: 'done' });
      return result;
    } catch (error) {
      if (error instanceof EngineCrashedError) this.quarantine.blame(hashes);
      observe({ outcome: (error as { code?: string }).code ?? 'failed' });
      throw error;
    } finally {
      if (child) this.pool.giveBack(child);
      endTurn();
    }
  }

  private async within<T>(
    child: EngineChild,
    { contents, deadlineSeconds, signal, threads }: SessionOptions,
    work: (session: EngineSession) => Promise<T>,
  ): Promise<T> {
    const session = await EngineSession.open(child, {
      bring: async (folder) => await this.contents.bring(contents, folder, signal),
      contents,
      deadlineMs: deadlineSeconds * 1000,
      signal,
      limits: {
        memoryBytes: Math.floor(this.env.ENGINE_MEMORY_BYTES * DUCKDB_SHARE),
        threads: threads ?? (this.env.ENGINE_THREADS || availableParallelism()),
        tempBytes: this.env.ENGINE_TEMP_BYTES,
      },
    });
    try {
      return await work(session);
    } finally {
      await session.close();
    }
  }
}
