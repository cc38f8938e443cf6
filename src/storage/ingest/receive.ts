import { createHash } from 'node:crypto';
import type { Readable } from 'node:stream';
import { crc32 } from 'node:zlib';
import type { IStagedFile } from '../../core/contracts/storage-backend.contract.js';
import { faultPoint } from '../../core/faults/fault-points.js';
import { UploadTooLargeError } from '../../core/errors/index.js';

/** Bytes of one block: what is written at once, and what one CRC of `files.block_crcs` covers. */
export const BLOCK_BYTES = 1024 * 1024;

export interface ReceivedContent {
  contentHash: string;
  size: number;
  blockCrcs: Buffer;
}

/**
 * Writes a stream to a staged file and hashes it on the way, in one pass and in two blocks of
 * memory: while the backend writes one block the next is filled and hashed.
 */
export async function receive(
  content: Readable,
  staged: IStagedFile,
  maxBytes: number,
): Promise<ReceivedContent> {
  const hash = createHash('sha256');
  const crcs: number[] = [];
  const writer = new BlockWriter(staged, (block) => {
    hash.update(block);
    crcs.push(crc32(block));
  });
  let size = 0;
  try {
    for await (const chunk of content) {
      const bytes = chunk as Buffer;
      size += bytes.length;
      if (size > maxBytes) throw new UploadTooLargeError(maxBytes);
      await writer.take(bytes);
    }
    await writer.end();
  } catch (error) {
    // A staged file takes one call at a time: the write in flight ends before the abort comes.
    await writer.idle();
    throw error;
  }
  return { contentHash: hash.digest('hex'), size, blockCrcs: packCrcs(crcs) };
}

class BlockWriter {
  private filling = Buffer.allocUnsafe(BLOCK_BYTES);
  private spare = Buffer.allocUnsafe(BLOCK_BYTES);
  private filled = 0;
  private writing: Promise<void> = Promise.resolve();

  constructor(
    private readonly staged: IStagedFile,
    private readonly onBlock: (block: Buffer) => void,
  ) {}

  async take(bytes: Buffer): Promise<void> {
    for (let offset = 0; offset < bytes.length;) {
      const copied = bytes.copy(this.filling, this.filled, offset);
      this.filled += copied;
      offset += copied;
      if (this.filled === BLOCK_BYTES) await this.flush();
    }
  }

  async end(): Promise<void> {
    if (this.filled > 0) await this.flush();
    await this.writing;
  }

  /** Resolves when nothing is being written any more, well or not. */
  async idle(): Promise<void> {
    await this.writing.catch(() => undefined);
  }

  private async flush(): Promise<void> {
    const block = this.filling.subarray(0, this.filled);
    this.onBlock(block);
    await this.writing;
    this.writing = this.staged.write(block);
    // It is awaited before the next block; until then it must not count as unhandled.
    this.writing.catch(() => undefined);
    [this.filling, this.spare, this.filled] = [this.spare, this.filling, 0];
    faultPoint('C2');
  }
}

function packCrcs(crcs: readonly number[]): Buffer {
  const packed = Buffer.alloc(crcs.length * 4);
  crcs.forEach((crc, index) => packed.writeUInt32BE(crc, index * 4));
  return packed;
}
