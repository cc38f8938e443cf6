import { createHash } from 'node:crypto';
import type { Readable } from 'node:stream';
import type { IStagedFile } from '../../core/contracts/storage-backend.contract.js';
import { UploadTooLargeError } from '../../core/errors/index.js';
import { faultPoint } from '../../core/faults/fault-points.js';
import { BlockCrcs } from './block-crcs.js';

/** Chunks below this are gathered, so that a stream of crumbs does not make a write of each. */
const GATHER_BYTES = 64 * 1024;

export interface ReceivedContent {
  contentHash: string;
  size: number;
  blockCrcs: Buffer;
}

/**
 * Writes a stream to a staged file and hashes it on the way, in one pass and constant memory: while
 * the backend writes one chunk the next is hashed. Chunks are passed on as they come, which is
 * cheaper than to gather large blocks: they are still in the processor's cache.
 */
export async function receive(
  content: Readable,
  staged: IStagedFile,
  maxBytes: number,
  onWritten: (bytes: number) => void,
): Promise<ReceivedContent> {
  const hash = createHash('sha256');
  const crcs = new BlockCrcs();
  const writer = new ChunkWriter(staged);
  let size = 0;
  try {
    for await (const chunk of content) {
      const bytes = chunk as Buffer;
      size += bytes.length;
      if (size > maxBytes) throw new UploadTooLargeError(maxBytes);
      hash.update(bytes);
      crcs.update(bytes);
      await writer.take(bytes);
      onWritten(bytes.length);
    }
    await writer.end();
  } catch (error) {
    // A staged file takes one call at a time: the write in flight ends before the abort comes.
    await writer.idle();
    throw error;
  }
  return { contentHash: hash.digest('hex'), size, blockCrcs: crcs.packed() };
}

/** Writes chunks one after the other, each while the caller is busy with the next. */
class ChunkWriter {
  private crumbs: Buffer[] = [];
  private gathered = 0;
  private writing: Promise<void> = Promise.resolve();

  constructor(private readonly staged: IStagedFile) {}

  async take(bytes: Buffer): Promise<void> {
    if (bytes.length === 0) return;
    if (bytes.length < GATHER_BYTES / 2) {
      // A copy: a crumb may be a slice that keeps a large buffer alive.
      this.crumbs.push(Buffer.from(bytes));
      this.gathered += bytes.length;
      if (this.gathered >= GATHER_BYTES) await this.flush();
      return;
    }
    await this.flush();
    await this.write(bytes);
  }

  async end(): Promise<void> {
    await this.flush();
    await this.writing;
  }

  /** Resolves when nothing is being written any more, well or not. */
  async idle(): Promise<void> {
    await this.writing.catch(() => undefined);
  }

  private async flush(): Promise<void> {
    if (this.gathered === 0) return;
    const bytes = Buffer.concat(this.crumbs);
    [this.crumbs, this.gathered] = [[], 0];
    await this.write(bytes);
  }

  private async write(bytes: Buffer): Promise<void> {
    await this.writing;
    this.writing = this.staged.write(bytes);
    // It is awaited before the next chunk; until then it must not count as unhandled.
    this.writing.catch(() => undefined);
    faultPoint('C2');
  }
}
