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
  /** Number of the turn that a caller had last; of those who have or wait for one. */
  private readonly served = new Map<string, number>();
  private turns = 0;
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
    this.served.set(caller, (this.turns += 1));
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
      this.forget(caller);
    };
  }

  private next(): void {
    if (this.free === 0) return;
    let chosen: string | undefined;
    for (const caller of this.waiting.keys()) {
      if (chosen === undefined || this.isBefore(caller, chosen)) chosen = caller;
    }
    if (chosen === undefined) return;
    const [first] = this.waiting.get(chosen) as [Waiting];
    this.remove(chosen, first);
    this.begin(chosen);
    first.admit();
  }

  private isBefore(one: string, other: string): boolean {
    const difference = (counts: ReadonlyMap<string, number>): number =>
      (counts.get(one) ?? 0) - (counts.get(other) ?? 0);
    return (difference(this.running) || difference(this.served)) < 0;
  }

  private remove(caller: string, entry: Waiting): void {
    const own = this.waiting.get(caller) ?? [];
    const rest = own.filter((other) => other !== entry);
    if (rest.length < own.length) this.waitingCount -= 1;
    if (rest.length > 0) this.waiting.set(caller, rest);
    else this.waiting.delete(caller);
    this.forget(caller);
  }

  private forget(caller: string): void {
    if (!this.running.has(caller) && !this.waiting.has(caller)) this.served.delete(caller);
  }
}
