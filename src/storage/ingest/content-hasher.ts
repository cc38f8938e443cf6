import { createHash, type Hash } from 'node:crypto';
import { BlockCrcs, type BlockCrcsMark } from './block-crcs.js';

/** What is known of bytes that are all there. */
export interface ReceivedContent {
  contentHash: string;
  size: number;
  blockCrcs: Buffer;
}

/** How far a stream had come. */
export interface ContentMark {
  readonly size: number;
  readonly hash: Hash;
  readonly crcs: BlockCrcsMark;
}

/** SHA-256 and the CRC-32 of each block of a stream, in one pass; it can go back to where it was. */
export class ContentHasher {
  size = 0;
  private hash = createHash('sha256');
  private readonly crcs = new BlockCrcs();

  /** Bytes that it takes in memory, more or less. */
  get weight(): number {
    return 1024 + this.crcs.weight;
  }

  update(bytes: Buffer): void {
    this.size += bytes.length;
    this.hash.update(bytes);
    this.crcs.update(bytes);
  }

  mark(): ContentMark {
    return { size: this.size, hash: this.hash.copy(), crcs: this.crcs.mark() };
  }

  /** Forgets what came after the mark, which can be returned to again. */
  rewind({ size, hash, crcs }: ContentMark): void {
    this.size = size;
    this.hash = hash.copy();
    this.crcs.rewind(crcs);
  }

  /** Of all the bytes. After it only `rewind` may follow. */
  content(): ReceivedContent {
    return {
      contentHash: this.hash.digest('hex'),
      size: this.size,
      blockCrcs: this.crcs.packed(),
    };
  }
}
