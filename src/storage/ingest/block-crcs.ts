import { crc32 } from 'node:zlib';

/** Bytes that one CRC of `files.block_crcs` covers, and so what is read to verify a range. */
export const BLOCK_BYTES = 1024 * 1024;

/** How far a stream had come. */
export interface BlockCrcsMark {
  closed: number;
  current: number;
  covered: number;
}

/** CRC-32 of each block of a stream, whatever the chunks it comes in. */
export class BlockCrcs {
  private readonly crcs: number[] = [];
  private current = 0;
  private covered = 0;

  update(bytes: Buffer): void {
    for (let rest = bytes; rest.length > 0;) {
      const part = rest.subarray(0, BLOCK_BYTES - this.covered);
      this.current = crc32(part, this.current);
      this.covered += part.length;
      rest = rest.subarray(part.length);
      if (this.covered === BLOCK_BYTES) this.closeBlock();
    }
  }

  /** Bytes that the closed blocks' checksums take in memory, more or less. */
  get weight(): number {
    return this.crcs.length * 8;
  }

  mark(): BlockCrcsMark {
    return { closed: this.crcs.length, current: this.current, covered: this.covered };
  }

  /** Forgets what came after the mark. */
  rewind({ closed, current, covered }: BlockCrcsMark): void {
    this.crcs.length = closed;
    [this.current, this.covered] = [current, covered];
  }

  /** Four bytes each, big-endian; the last block may be short. Ends the stream. */
  packed(): Buffer {
    if (this.covered > 0) this.closeBlock();
    const packed = Buffer.alloc(this.crcs.length * 4);
    this.crcs.forEach((crc, index) => packed.writeUInt32BE(crc, index * 4));
    return packed;
  }

  private closeBlock(): void {
    this.crcs.push(this.current);
    [this.current, this.covered] = [0, 0];
  }
}
