import { createHash } from 'node:crypto';
import type {
  IStorageBackend,
  StoredFileInfo,
} from '../../core/contracts/storage-backend.contract.js';

const EDGE_BYTES = 64;

export interface InventoriedObject extends StoredFileInfo {
  /** SHA-256 of its bytes, lower-case hex; `null`: it could not be read. */
  contentHash: string | null;
  /** Its first and its last bytes, as text. */
  head: string;
  tail: string;
}

/** Every object of uploads in the store with what its bytes are, one after the other. Asks no database. */
export async function* inventoryOf(backend: IStorageBackend): AsyncGenerator<InventoriedObject> {
  for await (const info of backend.listFiles('blobs/')) {
    try {
      yield { ...info, ...(await fingerprint(backend, info.path)) };
    } catch {
      yield { ...info, contentHash: null, head: '', tail: '' };
    }
  }
}

async function fingerprint(
  backend: IStorageBackend,
  path: string,
): Promise<Pick<InventoriedObject, 'contentHash' | 'head' | 'tail'>> {
  const hash = createHash('sha256');
  let head = Buffer.alloc(0);
  let tail = Buffer.alloc(0);
  for await (const chunk of await backend.readStream(path)) {
    const bytes = chunk as Buffer;
    hash.update(bytes);
    if (head.length < EDGE_BYTES) head = Buffer.concat([head, bytes]).subarray(0, EDGE_BYTES);
    tail = Buffer.concat([tail, bytes.subarray(-EDGE_BYTES)]).subarray(-EDGE_BYTES);
  }
  return { contentHash: hash.digest('hex'), head: head.toString(), tail: tail.toString() };
}
