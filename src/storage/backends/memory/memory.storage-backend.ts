import { Readable } from 'node:stream';
import type {
  ByteRange,
  IStagedFile,
  IStorageBackend,
  StagedPoint,
  StoredFileInfo,
} from '../../../core/contracts/storage-backend.contract.js';
import { ObjectNotFoundError } from '../../../core/errors/index.js';
import { storeStream } from '../store-stream.js';

interface StoredFile {
  content: Buffer;
  modifiedAt: Date;
}

/** Files in the memory of one process: for unit tests and trials. Gone when the process ends. */
export class MemoryStorageBackend implements IStorageBackend {
  readonly name = 'memory';
  private readonly files = new Map<string, StoredFile>();
  /** Chunks by path. */
  private readonly staged = new Map<string, Buffer[]>();

  async init(): Promise<void> {}

  async destroy(): Promise<void> {
    this.files.clear();
    this.staged.clear();
  }

  async readFile(path: string): Promise<Buffer> {
    return Buffer.from(this.find(path).content);
  }

  async readStream(path: string, range?: ByteRange): Promise<Readable> {
    const { content } = this.find(path);
    const part = range ? content.subarray(range.start, range.end + 1) : content;
    return Readable.from(part.length > 0 ? [part] : []);
  }

  async writeStream(path: string, content: Readable): Promise<StoredFileInfo> {
    return await storeStream(() => this.openStaged(path), content);
  }

  async deleteFile(path: string): Promise<void> {
    this.staged.delete(path);
    this.files.delete(path);
  }

  async exists(path: string): Promise<boolean> {
    return this.files.has(path);
  }

  async link(path: string): Promise<boolean> {
    await this.getFileInfo(path);
    return false;
  }

  async *listFiles(prefix: string): AsyncIterable<StoredFileInfo> {
    for (const path of [...this.files.keys()].sort()) {
      if (path.startsWith(prefix) && this.files.has(path)) yield await this.getFileInfo(path);
    }
  }

  async getFileInfo(path: string): Promise<StoredFileInfo> {
    const { content, modifiedAt } = this.find(path);
    return { path, size: content.length, modifiedAt };
  }

  async openStaged(path: string): Promise<IStagedFile> {
    return this.stage(path, []);
  }

  async resumeStaged(path: string, { size }: StagedPoint): Promise<IStagedFile> {
    if (!this.staged.has(path)) throw new ObjectNotFoundError(path);
    return this.stage(path, [this.bytesOf(path, size).subarray(0, size)]);
  }

  async readStaged(path: string, { size }: StagedPoint, range?: ByteRange): Promise<Readable> {
    const content = this.bytesOf(path, size).subarray(0, size);
    const part = range ? content.subarray(range.start, range.end + 1) : content;
    return Readable.from(part.length > 0 ? [part] : []);
  }

  async *listStaged(): AsyncIterable<string> {
    yield* this.staged.keys();
  }

  async freeBytes(): Promise<null> {
    return null;
  }

  private stage(path: string, chunks: Buffer[]): IStagedFile {
    this.staged.set(path, chunks);
    return {
      path,
      // The caller may use its buffer again, so the bytes are copied.
      write: async (chunk) => void chunks.push(Buffer.from(chunk)),
      checkpoint: async () => null,
      rewind: async (size) => {
        chunks.splice(0, Infinity, Buffer.concat(chunks).subarray(0, size));
      },
      suspend: async () => undefined,
      seal: async () => undefined,
      publish: async () => {
        // The reaper may have taken the staged bytes away, as on a disk.
        if (this.staged.get(path) !== chunks) throw new ObjectNotFoundError(path);
        this.staged.delete(path);
        this.files.set(path, { content: Buffer.concat(chunks), modifiedAt: new Date() });
        return await this.getFileInfo(path);
      },
      abort: async () => {
        if (this.staged.get(path) === chunks) this.staged.delete(path);
      },
    };
  }

  /** Staged or published. */
  private bytesOf(path: string, size: number): Buffer {
    const chunks = this.staged.get(path);
    const content = chunks ? Buffer.concat(chunks) : this.find(path).content;
    if (content.length < size) throw new ObjectNotFoundError(path);
    return content;
  }

  private find(path: string): StoredFile {
    const file = this.files.get(path);
    if (!file) throw new ObjectNotFoundError(path);
    return file;
  }
}
