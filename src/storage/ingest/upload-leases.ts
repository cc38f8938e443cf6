import { Inject, Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';
import { ENV, type Env } from '../../core/config/config.js';
import { UploadLeaseLostError } from '../../core/errors/index.js';
import { IntentsRepository } from './intents.repository.js';

/**
 * Keeps the intents of this process's uploads alive: one statement for all of them, three times a
 * lease. An upload whose intent is gone was taken for dead by the reaper and must stop.
 */
@Injectable()
export class UploadLeases implements OnApplicationShutdown {
  private readonly logger = new Logger(UploadLeases.name);
  private readonly live = new Map<string, AbortController>();
  private timer: NodeJS.Timeout | null = null;
  private renewing = false;

  constructor(
    private readonly intents: IntentsRepository,
    @Inject(ENV) private readonly env: Env,
  ) {}

  /** From now on until `stop` the lease is renewed. The signal fires when it is lost. */
  start(attemptId: string): AbortSignal {
    const controller = new AbortController();
    this.live.set(attemptId, controller);
    this.timer ??= setInterval(() => void this.renew(), (this.env.UPLOAD_LEASE_SECONDS * 1000) / 3);
    this.timer.unref();
    return controller.signal;
  }

  stop(attemptId: string): void {
    this.live.delete(attemptId);
    if (this.live.size === 0) this.onApplicationShutdown();
  }

  onApplicationShutdown(): void {
    if (this.timer) clearInterval(this.timer);
    this.timer = null;
  }

  private async renew(): Promise<void> {
    // A database that does not answer must not gather renewals that wait for it.
    if (this.renewing) return;
    this.renewing = true;
    const ids = [...this.live.keys()];
    try {
      const renewed = await this.intents.renew(ids, this.env.UPLOAD_LEASE_SECONDS);
      for (const id of ids)
        if (!renewed.has(id)) this.live.get(id)?.abort(new UploadLeaseLostError());
    } catch (error) {
      // The transaction that publishes decides: it demands the intent.
      this.logger.warn({ err: error }, 'Upload leases could not be renewed; trying again.');
    } finally {
      this.renewing = false;
    }
  }
}
