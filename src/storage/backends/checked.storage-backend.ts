import type { Readable } from 'node:stream';
import {
  MAX_STORAGE_PATH_BYTES,
  STORAGE_PATH,
  type ByteRange,
  type IStagedFile,
  type IStorageBackend,
  type StagedPoint,
  type StagedWriteOptions,
  type StoredFileInfo,
} from '../../core/contracts/storage-backend.contract.js';
import { InternalError, InvalidStoragePathError } from '../../core/errors/index.js';
import { CheckedStagedFile } from './checked.staged-file.js';
import { checkedStream } from './checked.stream.js';
import { contractError, guarded } from './contract-error.js';
import { storeStream } from './store-stream.js';

/**
 * Any backend with what the contract promises of all of them, once: paths are checked, and only
 * the contract's errors come out.
 */
export class CheckedStorageBackend implements IStorageBackend {
  constructor(private readonly inner: IStorageBackend) {}

  get name(): string {
    return this.inner.name;
  }

  async init(): Promise<void> {
    await guarded('init', () => this.inner.init());
  }

  async destroy(): Promise<void> {
    await guarded('destroy', () => this.inner.destroy());
  }

  async readFile(path: string): Promise<Buffer> {
    return await this.on(path, 'readFile', () => this.inner.readFile(path));
  }

  async readStream(path: string, range?: ByteRange): Promise<Readable> {
    refuseBadRange(range);
    return await this.on(path, 'readStream', async () =>
      checkedStream(await this.inner.readStream(path, range)),
    );
  }

  async writeStream(path: string, content: Readable): Promise<StoredFileInfo> {
    // Not the inner one: errors of the source stay what they are, those of the backend are mapped.
    return await storeStream(() => this.openStaged(path), content);
  }

  async deleteFile(path: string): Promise<void> {
    await this.on(path, 'deleteFile', () => this.inner.deleteFile(path));
  }

  async exists(path: string): Promise<boolean> {
    return await this.on(path, 'exists', () => this.inner.exists(path));
  }

  async link(path: string, target: string): Promise<boolean> {
    return await this.on(path, 'link', () => this.inner.link(path, target));
  }

  async *listFiles(prefix: string): AsyncIterable<StoredFileInfo> {
    try {
      yield* this.inner.listFiles(prefix);
    } catch (error) {
      throw contractError('listFiles', error);
    }
  }

  async getFileInfo(path: string): Promise<StoredFileInfo> {
    return await this.on(path, 'getFileInfo', () => this.inner.getFileInfo(path));
  }

  async openStaged(path: string, options?: StagedWriteOptions): Promise<IStagedFile> {
    const staged = await this.on(path, 'open', () => this.inner.openStaged(path, options));
    return new CheckedStagedFile(staged);
  }

  async resumeStaged(path: string, from: StagedPoint): Promise<IStagedFile> {
    const staged = await this.on(path, 'resume', () => this.inner.resumeStaged(path, from));
    return new CheckedStagedFile(staged);
  }

  async readStaged(path: string, from: StagedPoint, range?: ByteRange): Promise<Readable> {
    refuseBadRange(range);
    return await this.on(path, 'readStaged', async () =>
      checkedStream(await this.inner.readStaged(path, from, range)),
    );
  }

  async *listStaged(): AsyncIterable<string> {
    try {
      yield* this.inner.listStaged();
    } catch (error) {
      throw contractError('listStaged', error);
    }
  }

  async freeBytes(): Promise<number | null> {
    return await guarded('freeBytes', () => this.inner.freeBytes());
  }

  private async on<T>(path: string, operation: string, call: () => Promise<T>): Promise<T> {
    if (!STORAGE_PATH.test(path) || Buffer.byteLength(path) > MAX_STORAGE_PATH_BYTES) {
      throw new InvalidStoragePathError();
    }
    return await guarded(operation, call);
  }
}

function refuseBadRange(range: ByteRange | undefined): void {
  if (!range || (Number.isSafeInteger(range.start) && range.start >= 0 && range.end >= range.start))
    return;
  throw new InternalError({ cause: new RangeError('No byte range') });
}
