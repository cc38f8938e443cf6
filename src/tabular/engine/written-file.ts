import { createHash } from 'node:crypto';
import { open, type FileHandle } from 'node:fs/promises';
import { Readable } from 'node:stream';
import type { ByteRange } from '../../core/contracts/storage-backend.contract.js';

const CHUNK_BYTES = 1024 * 1024;
const SHORTER = 'The file has become shorter.';

/**
 * A file that a child has written. It is held open: its name goes with the session that made it, its bytes
 * are there until nobody holds them any more, and a process that dies leaves nothing of them.
 */
export class WrittenFile {
  private holders = 1;
  private hash: Promise<string> | null = null;

  private constructor(
    private readonly handle: FileHandle,
    /** Bytes. */
    readonly size: number,
    readonly inode: number,
  ) {}

  /** Held by the caller, who releases it. */
  static async open(path: string): Promise<WrittenFile> {
    const handle = await open(path);
    try {
      const { size, ino } = await handle.stat();
      return new WrittenFile(handle, size, ino);
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  get isHeld(): boolean {
    return this.holders > 0;
  }

  /** Whether somebody holds it beside the one who opened it. */
  get isRead(): boolean {
    return this.holders > 1;
  }

  /** SHA-256, lower-case hex. */
  async contentHash(): Promise<string> {
    this.hash ??= this.computeHash();
    return await this.hash;
  }

  /** Its bytes, or a part of them, which hold it until the stream is closed. */
  read(range: ByteRange = { start: 0, end: this.size - 1 }): Readable {
    if (!this.isHeld) throw new Error('The file has been given up.');
    this.holders += 1;
    let position = range.start;
    const { handle } = this;
    return new Readable({
      highWaterMark: CHUNK_BYTES,
      read() {
        const length = Math.min(CHUNK_BYTES, range.end + 1 - position);
        if (length <= 0) {
          this.push(null);
          return;
        }
        handle.read(Buffer.allocUnsafe(length), 0, length, position).then(
          ({ bytesRead, buffer }) => {
            position += bytesRead;
            if (bytesRead > 0) this.push(buffer.subarray(0, bytesRead));
            else this.destroy(new Error(SHORTER));
          },
          (error: Error) => this.destroy(error),
        );
      },
      destroy: (error, done) => {
        this.release().then(
          () => done(error),
          (failure: Error) => done(failure),
        );
      },
    });
  }

  /** Whoever holds it does so once. */
  async release(): Promise<void> {
    this.holders -= 1;
    if (this.holders === 0) await this.handle.close();
  }

  private async computeHash(): Promise<string> {
    this.holders += 1;
    try {
      const hash = createHash('sha256');
      const buffer = Buffer.allocUnsafe(CHUNK_BYTES);
      for (let position = 0; position < this.size;) {
        const { bytesRead } = await this.handle.read(buffer, 0, CHUNK_BYTES, position);
        if (bytesRead === 0) throw new Error(SHORTER);
        hash.update(buffer.subarray(0, bytesRead));
        position += bytesRead;
      }
      return hash.digest('hex');
    } finally {
      await this.release();
    }
  }
}

/** Has the bytes of a file that a child has written read once. */
export async function readWritten<T>(
  path: string,
  use: (content: Readable) => Promise<T>,
): Promise<T> {
  const file = await WrittenFile.open(path);
  const content = file.read();
  await file.release();
  try {
    return await use(content);
  } finally {
    content.destroy();
  }
}
