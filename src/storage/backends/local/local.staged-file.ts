import type { FileHandle } from 'node:fs/promises';
import type {
  IStagedFile,
  StagedState,
  StoredFileInfo,
} from '../../../core/contracts/storage-backend.contract.js';
import { syncFile } from './sync.js';

/** So much is written before the disk is asked to begin with it, so that `seal` finds little left. */
const FLUSH_BYTES = 16 * 1024 * 1024;

interface Steps {
  /** Makes the name of the staged file durable. */
  keep(): Promise<void>;
  publish(): Promise<StoredFileInfo>;
  abort(): Promise<void>;
}

export class LocalStagedFile implements IStagedFile {
  private unflushed = 0;
  private flushing: Promise<void> | null = null;
  private flushError: unknown = null;
  private open = true;
  private isKept: boolean;

  /**
   * @param position how many bytes it has already
   */
  constructor(
    readonly path: string,
    private readonly handle: FileHandle,
    private readonly steps: Steps,
    private position = 0,
  ) {
    this.isKept = position > 0;
  }

  async write(chunk: Buffer): Promise<void> {
    this.throwIfFlushFailed();
    for (let offset = 0; offset < chunk.length;) {
      const { bytesWritten } = await this.handle.write(
        chunk,
        offset,
        chunk.length - offset,
        this.position,
      );
      offset += bytesWritten;
      this.position += bytesWritten;
    }
    this.unflushed += chunk.length;
    if (this.unflushed >= FLUSH_BYTES) this.flushInBackground();
  }

  async checkpoint(): Promise<StagedState> {
    await this.flushing;
    this.throwIfFlushFailed();
    await this.handle.datasync();
    this.unflushed = 0;
    if (!this.isKept) await this.steps.keep();
    this.isKept = true;
    return null;
  }

  async rewind(size: number): Promise<void> {
    await this.flushing;
    this.throwIfFlushFailed();
    await this.handle.truncate(size);
    this.position = size;
  }

  async suspend(): Promise<void> {
    await this.flushing;
    await this.close();
  }

  async seal(): Promise<void> {
    await this.flushing;
    this.throwIfFlushFailed();
    await syncFile(this.handle);
    await this.close();
  }

  async publish(): Promise<StoredFileInfo> {
    return await this.steps.publish();
  }

  async abort(): Promise<void> {
    await this.flushing;
    await this.close().catch(() => undefined);
    await this.steps.abort();
  }

  private flushInBackground(): void {
    if (this.flushing) return;
    this.unflushed = 0;
    this.flushing = syncFile(this.handle, { all: false })
      .catch((error: unknown) => {
        this.flushError = error;
      })
      .finally(() => {
        this.flushing = null;
      });
  }

  /** A failed fsync is never repeated: the kernel reports it once and may have dropped the pages. */
  private throwIfFlushFailed(): void {
    if (this.flushError) throw this.flushError;
  }

  private async close(): Promise<void> {
    if (!this.open) return;
    this.open = false;
    await this.handle.close();
  }
}
