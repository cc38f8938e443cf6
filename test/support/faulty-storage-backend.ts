import type { Readable } from 'node:stream';
import type {
  ByteRange,
  IStagedFile,
  IStorageBackend,
  StagedPoint,
  StagedWriteOptions,
  StoredFileInfo,
} from '../../src/core/contracts/storage-backend.contract.js';

export interface FaultPlan {
  /** The first call that fails, counted from 1. */
  k: number;
  /** Only that call, or it and every later one. */
  persistent: boolean;
  /** The call is carried out, and only its answer is lost. */
  carriedOut: boolean;
  code: string;
}

/** A backend with calls that fail by plan: those of the backend and of its staged files, counted together. */
export class FaultyStorageBackend implements IStorageBackend {
  /** Calls since the plan was made, by name. */
  calls: string[] = [];
  failures = 0;
  private faults: FaultPlan | null = null;

  constructor(private readonly inner: IStorageBackend) {}

  plan(plan: Partial<FaultPlan> & { k: number }): void {
    this.faults = { persistent: false, carriedOut: false, code: 'EIO', ...plan };
    this.calls = [];
    this.failures = 0;
  }

  heal(): void {
    this.faults = null;
  }

  get name(): string {
    return this.inner.name;
  }

  init = (): Promise<void> => this.inner.init();
  destroy = (): Promise<void> => this.inner.destroy();
  listFiles = (prefix: string): AsyncIterable<StoredFileInfo> => this.inner.listFiles(prefix);
  listStaged = (): AsyncIterable<string> => this.inner.listStaged();

  async readFile(path: string): Promise<Buffer> {
    return await this.call('readFile', () => this.inner.readFile(path));
  }

  async readStream(path: string, range?: ByteRange): Promise<Readable> {
    return await this.call('readStream', () => this.inner.readStream(path, range));
  }

  async writeStream(path: string, content: Readable): Promise<StoredFileInfo> {
    return await this.call('writeStream', () => this.inner.writeStream(path, content));
  }

  async deleteFile(path: string): Promise<void> {
    await this.call('deleteFile', () => this.inner.deleteFile(path));
  }

  async exists(path: string): Promise<boolean> {
    return await this.call('exists', () => this.inner.exists(path));
  }

  async link(path: string, target: string): Promise<boolean> {
    return await this.call('link', () => this.inner.link(path, target));
  }

  async getFileInfo(path: string): Promise<StoredFileInfo> {
    return await this.call('getFileInfo', () => this.inner.getFileInfo(path));
  }

  async freeBytes(): Promise<number | null> {
    return await this.call('freeBytes', () => this.inner.freeBytes());
  }

  async openStaged(path: string, options?: StagedWriteOptions): Promise<IStagedFile> {
    return this.faulty(await this.call('openStaged', () => this.inner.openStaged(path, options)));
  }

  async resumeStaged(path: string, from: StagedPoint): Promise<IStagedFile> {
    return this.faulty(await this.call('resumeStaged', () => this.inner.resumeStaged(path, from)));
  }

  async readStaged(path: string, from: StagedPoint, range?: ByteRange): Promise<Readable> {
    return await this.call('readStaged', () => this.inner.readStaged(path, from, range));
  }

  private faulty(staged: IStagedFile): IStagedFile {
    return {
      path: staged.path,
      write: (chunk) => this.call('write', () => staged.write(chunk)),
      checkpoint: () => this.call('checkpoint', () => staged.checkpoint()),
      rewind: (size) => this.call('rewind', () => staged.rewind(size)),
      suspend: () => this.call('suspend', () => staged.suspend()),
      seal: () => this.call('seal', () => staged.seal()),
      publish: () => this.call('publish', () => staged.publish()),
      abort: () => this.call('abort', () => staged.abort()),
    };
  }

  private async call<T>(name: string, operation: () => Promise<T>): Promise<T> {
    this.calls.push(name);
    const { faults } = this;
    const number = this.calls.length;
    const fails = faults && (faults.persistent ? number >= faults.k : number === faults.k);
    if (!fails) return await operation();
    this.failures += 1;
    if (faults.carriedOut) await operation();
    throw Object.assign(new Error(`${faults.code}: injected at ${name}`), { code: faults.code });
  }
}
