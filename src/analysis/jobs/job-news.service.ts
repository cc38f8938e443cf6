import { setTimeout as delay } from 'node:timers/promises';
import { Injectable, type OnModuleInit } from '@nestjs/common';
import type { JobStatus } from '../../core/contracts/jobs.contract.js';
import { DatabaseNotifications, type Transaction } from '../../core/database/index.js';

export const JOBS_CHANNEL = 'jobs';

/** `null`: something may have been missed. */
export type JobListener = (status: JobStatus | null) => void;

export interface NextNews {
  /** Waits so long at most. @returns whether nothing was heard */
  within(milliseconds: number): Promise<boolean>;
  stop(): void;
}

/** Tells every process at once what becomes of a job, wherever it is worked on. A hint: the row decides. */
@Injectable()
export class JobNews implements OnModuleInit {
  private readonly listeners = new Map<string, Set<JobListener>>();
  private onQueued: () => void = () => undefined;

  constructor(private readonly notifications: DatabaseNotifications) {}

  onModuleInit(): void {
    this.notifications.subscribe(JOBS_CHANNEL, (payload) => this.hear(payload));
  }

  async tell(tx: Transaction, id: string, status: JobStatus): Promise<void> {
    await this.notifications.notify(tx, JOBS_CHANNEL, `${id} ${status}`);
  }

  /** @param listener is called when some job waits, or may */
  whenQueued(listener: () => void): void {
    this.onQueued = listener;
  }

  /** Returns the function that ends it. */
  follow(id: string, listener: JobListener): () => void {
    const listeners = this.listeners.get(id) ?? new Set();
    this.listeners.set(id, listeners.add(listener));
    return () => {
      listeners.delete(listener);
      if (listeners.size === 0 && this.listeners.get(id) === listeners) this.listeners.delete(id);
    };
  }

  /** What comes next of this job, from now on. `stop` it in the end. */
  next(id: string, over?: AbortSignal): NextNews {
    const heard = new AbortController();
    const signal = over ? AbortSignal.any([heard.signal, over]) : heard.signal;
    return {
      within: (milliseconds) =>
        delay(milliseconds, true, { signal, ref: false }).catch(() => false),
      stop: this.follow(id, () => heard.abort()),
    };
  }

  private hear(payload: string | null): void {
    if (payload === null) {
      for (const listeners of this.listeners.values()) {
        for (const listener of listeners) listener(null);
      }
      this.onQueued();
      return;
    }
    const [id, status] = payload.split(' ') as [string, JobStatus];
    for (const listener of this.listeners.get(id) ?? []) listener(status);
    // One that has ended lets another of the same user begin.
    if (status !== 'running') this.onQueued();
  }
}
