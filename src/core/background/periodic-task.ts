import {
  Logger,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
} from '@nestjs/common';

/** By how much of the interval a turn may come early or late, so that replicas started together part. */
const JITTER = 0.1;

export interface PeriodicTaskOptions {
  /** From the end of a turn to the next, about. 0: no turn comes by itself. Less than 20 days. */
  intervalMs: number;
  /** Whether the first turn comes at the start, and not after an interval. Nothing waits for it. */
  startsAtOnce?: boolean;
  /** What the log says of a turn that failed. */
  failure: string;
}

/**
 * Work that is done again and again beside the requests: one turn at a time in this process, from the
 * start of the application until it stops. A turn that fails is logged, and the next one comes as if
 * it had not. In other processes turns run at the same moment: a turn must bear that.
 */
export abstract class PeriodicTask implements OnApplicationBootstrap, BeforeApplicationShutdown {
  protected readonly logger = new Logger(this.constructor.name);
  private timer: NodeJS.Timeout | null = null;
  private last: Promise<unknown> = Promise.resolve();
  private isAwaited = false;
  private hasStopped = false;

  protected constructor(private readonly options: PeriodicTaskOptions) {}

  /** One turn. A long one looks at `isStopping` between its steps: the stop waits for its end. */
  protected abstract turn(): Promise<unknown>;

  onApplicationBootstrap(): void {
    if (this.options.intervalMs === 0) return;
    if (this.options.startsAtOnce) this.turnAndSchedule();
    else this.schedule();
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.hasStopped = true;
    if (this.timer) clearTimeout(this.timer);
    await this.last;
  }

  protected get isStopping(): boolean {
    return this.hasStopped;
  }

  /** Resolves when no turn is left of those that were asked for until now. Never rejects. */
  protected get idle(): Promise<unknown> {
    return this.last;
  }

  /** A turn soon, unless one is awaited already. What comes up while one runs is for one more turn. */
  protected wake(): void {
    if (this.isAwaited || this.hasStopped) return;
    this.isAwaited = true;
    const begin = async (): Promise<void> => {
      this.isAwaited = false;
      if (!this.hasStopped) await this.turn();
    };
    this.alone(begin).catch((error: unknown) => {
      this.logger.warn({ err: error }, this.options.failure);
    });
  }

  /** Does this work while no turn runs, and after all that waits already. Rejects as it does. */
  protected async alone<T>(work: () => Promise<T>): Promise<T> {
    const done = this.last.then(work);
    this.last = done.catch(() => undefined);
    return await done;
  }

  private turnAndSchedule(): void {
    this.wake();
    void this.last.then(() => this.schedule());
  }

  private schedule(): void {
    if (this.hasStopped) return;
    const spread = 1 + JITTER * (2 * Math.random() - 1);
    this.timer = setTimeout(() => this.turnAndSchedule(), this.options.intervalMs * spread).unref();
  }
}
