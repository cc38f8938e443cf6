import { LRUCache } from 'lru-cache';
import { ContentQuarantinedError } from '../tabular.errors.js';

const DEATHS = 3;
const HOUR_MS = 3_600_000;

/** Contents whose readers died again and again: for a while they are not tried any more. */
export class Quarantine {
  private readonly deaths = new LRUCache<string, number>({ max: 10_000, ttl: HOUR_MS });

  /** @throws ContentQuarantinedError */
  admit(contentHashes: readonly string[]): void {
    for (const hash of contentHashes) {
      const deaths = this.deaths.get(hash) ?? 0;
      if (deaths >= DEATHS) throw new ContentQuarantinedError(deaths);
    }
  }

  /** A process died over them. With several nobody can tell over which: none is blamed. */
  blame(contentHashes: readonly string[]): void {
    const [hash, ...others] = contentHashes;
    if (hash === undefined || others.length > 0) return;
    this.deaths.set(hash, (this.deaths.get(hash) ?? 0) + 1);
  }
}
