import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { PostgresConnection } from './embedded-postgres.types.js';
import { stopLeftover } from './leftover.js';
import { Postmaster, type PostmasterOptions } from './postmaster.js';

const FIRST_PAUSE = 1_000;
const LONGEST_PAUSE = 30_000;
// A server that ended sooner counts as a failed start: one that dies over and over must not spin.
const STEADY = 10_000;

/** Keeps a server running: one that ends is started again on the same sockets, until `stop`. */
export class Supervisor {
  private readonly stopping = new AbortController();
  private readonly asked = once(this.stopping.signal, 'abort');
  private readonly options: PostmasterOptions;
  private postmaster?: Postmaster;
  private kept?: Promise<void>;
  private startedAt = 0;
  private failures = 0;

  private constructor(options: PostmasterOptions) {
    this.options = { ...options, signal: this.stopping.signal };
  }

  /** @throws what the first start throws; later ones are tried again. */
  static async start(options: PostmasterOptions): Promise<Supervisor> {
    const supervisor = new Supervisor(options);
    const first = await supervisor.launch();
    supervisor.kept = supervisor.keep(first);
    return supervisor;
  }

  get connection(): PostgresConnection {
    return Postmaster.connectionAt(this.options.sockets);
  }

  /** False while the server is started again. */
  get isReady(): boolean {
    return this.postmaster?.hasEnded === false;
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    await this.kept;
  }

  /** The only one that stops a running server, so that none can start behind the back of `stop`. */
  private async keep(first: Postmaster): Promise<void> {
    let postmaster: Postmaster | undefined = first;
    while (postmaster) {
      await Promise.race([postmaster.ended, this.asked]);
      if (this.isStopping) return await postmaster.stop();
      this.failures = performance.now() - this.startedAt < STEADY ? this.failures + 1 : 0;
      await postmaster.reportEnd();
      postmaster = await this.startAgain();
    }
  }

  /** Undefined when `stop` was called first. */
  private async startAgain(): Promise<Postmaster | undefined> {
    const { log } = this.options;
    for (;;) {
      await this.pause();
      if (this.isStopping) return undefined;
      log('PostgreSQL is started again.');
      try {
        const postmaster = await this.launch();
        log('PostgreSQL is ready again.');
        return postmaster;
      } catch (error) {
        if (this.isStopping) return undefined;
        this.failures++;
        log(
          `PostgreSQL is down, next try in ${this.pauseLength / 1000} s. ${(error as Error).message}`,
        );
      }
    }
  }

  private async launch(): Promise<Postmaster> {
    const { cluster, sockets, log } = this.options;
    await stopLeftover(cluster, sockets, log);
    this.postmaster = await Postmaster.start(this.options);
    this.startedAt = performance.now();
    return this.postmaster;
  }

  private async pause(): Promise<void> {
    const { signal } = this.stopping;
    // Not referenced: an application that forgets `stop` may still end.
    await sleep(this.pauseLength, undefined, { signal, ref: false }).catch(() => undefined);
  }

  private get pauseLength(): number {
    if (this.failures === 0) return 0;
    return Math.min(FIRST_PAUSE * 2 ** (this.failures - 1), LONGEST_PAUSE);
  }

  private get isStopping(): boolean {
    return this.stopping.signal.aborted;
  }
}
