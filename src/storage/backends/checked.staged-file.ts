import type {
  IStagedFile,
  StagedState,
  StoredFileInfo,
} from '../../core/contracts/storage-backend.contract.js';
import { StorageUnavailableError } from '../../core/errors/index.js';
import { guarded } from './contract-error.js';

type State = 'open' | 'sealed' | 'published' | 'busy' | 'ended';

/**
 * Any staged file, held to the order that the contract gives: write, seal, publish. After a failure
 * only `abort` and `suspend` reach the backend, so that no fsync that has failed is asked for a second time.
 */
export class CheckedStagedFile implements IStagedFile {
  private state: State = 'open';
  private running: Promise<unknown> = Promise.resolve();

  constructor(private readonly inner: IStagedFile) {}

  get path(): string {
    return this.inner.path;
  }

  async write(chunk: Buffer): Promise<void> {
    await this.step('write', 'open', 'open', () => this.inner.write(chunk));
  }

  async checkpoint(): Promise<StagedState> {
    return await this.step('checkpoint', 'open', 'open', () => this.inner.checkpoint());
  }

  async rewind(size: number): Promise<void> {
    await this.step('rewind', 'open', 'open', () => this.inner.rewind(size));
  }

  async seal(): Promise<void> {
    await this.step('seal', 'open', 'sealed', () => this.inner.seal());
  }

  async publish(): Promise<StoredFileInfo> {
    return await this.step('publish', 'sealed', 'published', () => this.inner.publish());
  }

  async suspend(): Promise<void> {
    await this.end('suspend', () => this.inner.suspend());
  }

  async abort(): Promise<void> {
    await this.end('abort', () => this.inner.abort());
  }

  private async end(operation: string, call: () => Promise<void>): Promise<void> {
    // A caller whose source fails may still have a write under way; the backend sees one call at a time.
    await this.running.catch(() => undefined);
    if (this.state === 'published') return;
    this.state = 'ended';
    await guarded(operation, call);
  }

  private async step<T>(
    operation: string,
    from: State,
    to: State,
    call: () => Promise<T>,
  ): Promise<T> {
    if (this.state !== from) {
      throw new StorageUnavailableError(
        operation,
        new Error(
          'A staged file takes write, seal, publish; only abort or suspend after a failure.',
        ),
      );
    }
    // Left like this by a failure.
    this.state = 'busy';
    const result = guarded(operation, call);
    this.running = result;
    const done = await result;
    this.state = to;
    return done;
  }
}
