import { Injectable } from '@nestjs/common';
import { QuotasRepository, type CountedBytes, type QuotaKind } from './quotas.repository.js';
import { UsagesRepository } from './usages.repository.js';

/**
 * Counts what somebody keeps, once at a time in this process: whoever asks meanwhile gets the same answer.
 * Never within a transaction, which would hold its locks as long.
 */
@Injectable()
export class UsageCounts {
  private readonly running = new Map<string, Promise<CountedBytes>>();
  private readonly turns = new Map<string, Promise<unknown>>();

  constructor(
    private readonly quotas: QuotasRepository,
    private readonly usages: UsagesRepository,
  ) {}

  /** The count is kept for others to decide by. */
  async count(kind: QuotaKind, id: string): Promise<CountedBytes> {
    const key = `${kind}:${id}`;
    const earlier = this.running.get(key);
    if (earlier) {
      await earlier.catch(() => undefined);
      // What was given up since it began does not show in it.
      const known = await this.usages.find(kind, id);
      if (known?.isRecent) return known;
    }
    const running = this.running.get(key) ?? this.countAndKeep(kind, id);
    this.running.set(key, running);
    try {
      return await running;
    } finally {
      if (this.running.get(key) === running) this.running.delete(key);
    }
  }

  /**
   * Whether the user keeps a content of this size. One at a time for each user, since it looks through all
   * that the user keeps: uploads that are refused must not take the connections of others.
   */
  async hasOfSize(userId: string, atLeast: number, atMost: number): Promise<boolean> {
    const look = () => this.quotas.hasOfSize(userId, atLeast, atMost);
    const turn = (this.turns.get(userId) ?? Promise.resolve()).then(look, look);
    this.turns.set(userId, turn);
    try {
      return await turn;
    } finally {
      if (this.turns.get(userId) === turn) this.turns.delete(userId);
    }
  }

  private async countAndKeep(kind: QuotaKind, id: string): Promise<CountedBytes> {
    const start = await this.usages.begin(kind, id);
    const counted = await this.quotas.count(kind, id);
    if (start) await this.usages.keep({ kind, id }, start, counted);
    return counted;
  }
}
