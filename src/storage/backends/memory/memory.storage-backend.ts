import { Readable } from 'node:stream';
import type {
  ByteRange,
  IStagedFile,
  IStorageBackend,
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
  private readonly staged = new Set<IStagedFile>();

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
    for (const staged of this.staged) if (staged.path === path) this.staged.delete(staged);
    this.files.delete(path);
  }

  async exists(path: string): Promise<boolean> {
    return this.files.has(path);
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
    const chunks: Buffer[] = [];
    const staged: IStagedFile = {
      path,
      // The caller may use its buffer again, so the bytes are copied.
      write: async (chunk) => void chunks.push(Buffer.from(chunk)),
      seal: async () => undefined,
      publish: async () => {
        // The reaper may have taken the staged bytes away, as on a disk.
        if (!this.staged.delete(staged)) throw new ObjectNotFoundError(path);
        this.files.set(path, { content: Buffer.concat(chunks), modifiedAt: new Date() });
        return await this.getFileInfo(path);
      },
      abort: async () => void this.staged.delete(staged),
    };
    this.staged.add(staged);
    return staged;
  }

  async *listStaged(): AsyncIterable<string> {
    for (const { path } of this.staged) yield path;
  }

  async freeBytes(): Promise<null> {
    return null;
  }

  private find(path: string): StoredFile {
    const file = this.files.get(path);
    if (!file) throw new ObjectNotFoundError(path);
    return file;
  }
}
