import { EngineBusyError } from '../tabular.errors.js';

interface Waiting {
  admit: () => void;
}

export interface FairQueueLimits {
  /** Turns at a time. */
  slots: number;
  /** Of one caller, waiting at a time. */
  waitingPerCaller: number;
  /** Of all callers together. */
  waiting: number;
}

/**
 * Turns for work of many callers: whoever has the fewest running comes first, among those whoever was
 * served longest ago, so that one who asks a lot makes itself wait and nobody else.
 */
export class FairQueue {
  private readonly waiting = new Map<string, Waiting[]>();
  private readonly running = new Map<string, number>();
  private free: number;
  private waitingCount = 0;

  constructor(private readonly limits: FairQueueLimits) {
    this.free = limits.slots;
  }

  get length(): number {
    return this.waitingCount;
  }

  /**
   * Resolves when it is the caller's turn, with what ends it.
   * @throws EngineBusyError, the signal's reason
   */
  async turn(caller: string, signal?: AbortSignal): Promise<() => void> {
    signal?.throwIfAborted();
    if (this.free > 0 && this.waitingCount === 0) return this.begin(caller);
    const own = this.waiting.get(caller) ?? [];
    if (own.length >= this.limits.waitingPerCaller) {
      throw new EngineBusyError(`${own.length} requests of yours are waiting already.`);
    }
    if (this.waitingCount >= this.limits.waiting) {
      throw new EngineBusyError(`${this.waitingCount} requests are waiting already.`);
    }
    await new Promise<void>((resolve, reject) => {
      const leave = (): void => {
        this.remove(caller, entry);
        reject(signal?.reason as Error);
      };
      const entry: Waiting = {
        admit: () => {
          signal?.removeEventListener('abort', leave);
          resolve();
        },
      };
      signal?.addEventListener('abort', leave, { once: true });
      this.waiting.set(caller, [...own, entry]);
      this.waitingCount += 1;
    });
    return this.endOf(caller);
  }

  private begin(caller: string): () => void {
    this.free -= 1;
    this.running.set(caller, (this.running.get(caller) ?? 0) + 1);
    return this.endOf(caller);
  }

  private endOf(caller: string): () => void {
    let hasEnded = false;
    return () => {
      if (hasEnded) return;
      hasEnded = true;
      this.free += 1;
      const left = (this.running.get(caller) ?? 1) - 1;
      if (left > 0) this.running.set(caller, left);
      else this.running.delete(caller);
      this.next();
    };
  }

  private next(): void {
    if (this.free === 0) return;
    let chosen: string | undefined;
    // In the order in which they were served last: a caller who is served goes to the end.
    for (const caller of this.waiting.keys()) {
      const fewer = (this.running.get(caller) ?? 0) < (this.running.get(chosen ?? '') ?? 0);
      if (chosen === undefined || fewer) chosen = caller;
    }
    if (chosen === undefined) return;
    const [first] = this.waiting.get(chosen) as [Waiting];
    const rest = this.remove(chosen, first);
    if (rest.length > 0) {
      this.waiting.delete(chosen);
      this.waiting.set(chosen, rest);
    }
    this.begin(chosen);
    first.admit();
  }

  private remove(caller: string, entry: Waiting): Waiting[] {
    const own = this.waiting.get(caller) ?? [];
    const rest = own.filter((other) => other !== entry);
    if (rest.length < own.length) this.waitingCount -= 1;
    if (rest.length > 0) this.waiting.set(caller, rest);
    else this.waiting.delete(caller);
    return rest;
  }
}
