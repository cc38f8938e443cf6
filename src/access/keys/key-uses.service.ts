import { Injectable, Logger, type BeforeApplicationShutdown } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { ApiKeysRepository } from './api-keys.repository.js';

/** A key's last use is known to the minute. */
const PRECISION_MS = 60_000;
/** Uses of many keys are written together. */
const GATHERED_MS = 1_000;

/** Writes down when keys were used: in the background, so that no request waits for it. */
@Injectable()
export class KeyUses implements BeforeApplicationShutdown {
  private readonly logger = new Logger(KeyUses.name);
  /** Keys whose last use was written, or is about to be, within the last minute. */
  private readonly noted = new LRUCache<string, true>({ max: 10_000, ttl: PRECISION_MS });
  private readonly unwritten = new Set<string>();
  private timer: NodeJS.Timeout | null = null;

  constructor(private readonly keys: ApiKeysRepository) {}

  note(keyId: string): void {
    if (this.noted.has(keyId)) return;
    this.noted.set(keyId, true);
    this.unwritten.add(keyId);
    this.timer ??= setTimeout(() => void this.write(), GATHERED_MS).unref();
  }

  async beforeApplicationShutdown(): Promise<void> {
    if (this.unwritten.size > 0) await this.write();
  }

  /** What can't be written is lost: a use that matters comes again. */
  private async write(): Promise<void> {
    if (this.timer) clearTimeout(this.timer);
    this.timer = null;
    const keyIds = [...this.unwritten];
    this.unwritten.clear();
    try {
      await this.keys.markUsed(keyIds);
    } catch (error) {
      this.logger.warn({ err: error }, 'The last use of keys was not written.');
    }
  }
}
