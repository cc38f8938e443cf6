import type { IStagedFile } from '../../core/contracts/storage-backend.contract.js';
import { faultPoint } from '../../core/faults/fault-points.js';

/** Chunks below this are gathered, so that a stream of crumbs does not make a write of each. */
const GATHER_BYTES = 64 * 1024;

/** Writes chunks one after the other, each while the caller is busy with the next. */
export class ChunkWriter {
  private crumbs: Buffer[] = [];
  private gathered = 0;
  private writing: Promise<void> = Promise.resolve();

  constructor(private readonly staged: IStagedFile) {}

  async take(bytes: Buffer): Promise<void> {
    if (bytes.length === 0) return;
    if (bytes.length < GATHER_BYTES / 2) {
      // A copy: a crumb may be a slice that keeps a large buffer alive.
      this.crumbs.push(Buffer.from(bytes));
      this.gathered += bytes.length;
      if (this.gathered >= GATHER_BYTES) await this.flush();
      return;
    }
    await this.flush();
    await this.write(bytes);
  }

  /** Resolves when all that was taken is written. */
  async end(): Promise<void> {
    await this.flush();
    await this.writing;
  }

  /** Resolves when nothing is being written any more, well or not. */
  async idle(): Promise<void> {
    await this.writing.catch(() => undefined);
  }

  private async flush(): Promise<void> {
    if (this.gathered === 0) return;
    const bytes = Buffer.concat(this.crumbs);
    [this.crumbs, this.gathered] = [[], 0];
    await this.write(bytes);
  }

  private async write(bytes: Buffer): Promise<void> {
    await this.writing;
    this.writing = this.staged.write(bytes);
    // It is awaited before the next chunk; until then it must not count as unhandled.
    this.writing.catch(() => undefined);
    faultPoint('C2');
  }
}
