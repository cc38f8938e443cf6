import { createHash } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { IStorageBackend } from '../../core/contracts/storage-backend.contract.js';
import { ObjectNotFoundError } from '../../core/errors/index.js';
import { BlockCrcs } from '../ingest/block-crcs.js';

export type Verdict =
  | { is: 'whole'; bytes: number; blockCrcs: Buffer }
  | { is: 'missing' | 'wrong-size' | 'corrupt'; bytes: number };

export interface ReadLimits {
  signal?: AbortSignal;
  /** Default: as fast as it comes. */
  bytesPerSecond?: number;
  onBytes?: (bytes: number) => void;
}

/**
 * Reads an object to its last byte, in constant memory, and tells whether it is what its row says.
 * @throws StorageUnavailableError when it could not be read, which says nothing of the bytes
 */
export async function verifyObject(
  backend: IStorageBackend,
  file: { storageKey: string; size: number; contentHash: string },
  { signal, bytesPerSecond = Infinity, onBytes }: ReadLimits = {},
): Promise<Verdict> {
  const hash = createHash('sha256');
  const crcs = new BlockCrcs();
  const since = performance.now();
  let bytes = 0;
  try {
    const source = await backend.readStream(file.storageKey);
    for await (const chunk of source) {
      signal?.throwIfAborted();
      hash.update(chunk as Buffer);
      crcs.update(chunk as Buffer);
      bytes += (chunk as Buffer).length;
      onBytes?.((chunk as Buffer).length);
      const ahead = (bytes / bytesPerSecond) * 1000 - (performance.now() - since);
      if (ahead > 1) await delay(ahead, undefined, { signal });
    }
  } catch (error) {
    if (error instanceof ObjectNotFoundError) return { is: 'missing', bytes };
    throw error;
  }
  if (bytes !== file.size) return { is: 'wrong-size', bytes };
  if (hash.digest('hex') !== file.contentHash) return { is: 'corrupt', bytes };
  return { is: 'whole', bytes, blockCrcs: crcs.packed() };
}
