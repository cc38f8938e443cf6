import type {
  IStagedFile,
  StagedPoint,
  StagedState,
} from '../../core/contracts/storage-backend.contract.js';
import { faultPoint } from '../../core/faults/fault-points.js';
import { ChunkWriter } from '../ingest/chunk-writer.js';
import type { ContentHasher, ContentMark, ReceivedContent } from '../ingest/content-hasher.js';
import type { UploadLock } from './upload-lock.js';

/** At most so much, or what came in this time, is sent again after a process has died. */
const CHECKPOINT_BYTES = 64 * 1024 * 1024;
const CHECKPOINT_MS = 5000;

/** What a process knows of bytes that are durable: their hashes so far. */
export interface KnownBytes {
  hasher: ContentHasher;
  durable: ContentMark;
}

/** The bytes of one upload while its lock is held: written and hashed on the way, once. */
export class UploadSession {
  private writer: ChunkWriter;
  private durable: ContentMark;
  private checkpointAt = performance.now();

  /** @param known hashes of exactly the bytes that are staged */
  constructor(
    readonly staged: IStagedFile,
    private readonly lock: UploadLock,
    known: KnownBytes,
    private state: StagedState,
  ) {
    this.hasher = known.hasher;
    this.durable = known.durable;
    this.writer = new ChunkWriter(staged);
  }

  private readonly hasher: ContentHasher;

  get offset(): number {
    return this.hasher.size;
  }

  /** How the staged bytes were at the last checkpoint. */
  get point(): StagedPoint {
    return { size: this.durable.size, state: this.state };
  }

  /** Enough has come for a checkpoint. */
  get isDue(): boolean {
    const bytes = this.offset - this.durable.size;
    return (
      bytes >= CHECKPOINT_BYTES ||
      (bytes > 0 && performance.now() - this.checkpointAt >= CHECKPOINT_MS)
    );
  }

  async take(bytes: Buffer): Promise<void> {
    await this.lock.heardBytes();
    this.lock.assertHeld();
    this.hasher.update(bytes);
    await this.writer.take(bytes);
  }

  /** Makes all that was taken durable, and then says so: the offset never runs ahead of the disk. */
  async checkpoint(): Promise<void> {
    this.lock.assertHeld();
    await this.writer.end();
    const state = await this.staged.checkpoint();
    faultPoint('T2');
    await this.lock.moveTo({ size: this.offset, state });
    this.state = state;
    this.durable = this.hasher.mark();
    this.checkpointAt = performance.now();
  }

  /** Drops what has come since the last checkpoint. */
  async rewind(): Promise<void> {
    await this.writer.idle();
    this.lock.assertHeld();
    await this.staged.rewind(this.durable.size);
    this.hasher.rewind(this.durable);
    this.writer = new ChunkWriter(this.staged);
  }

  /** No more will come. */
  async seal(): Promise<ReceivedContent> {
    this.lock.assertHeld();
    await this.writer.end();
    this.lock.assertHeld();
    await this.staged.seal();
    return this.hasher.content();
  }

  /** Gives up handles, and returns what is known of the bytes that stay. Never throws. */
  async suspend(): Promise<KnownBytes> {
    await this.writer.idle();
    await this.staged.suspend().catch(() => undefined);
    this.hasher.rewind(this.durable);
    return { hasher: this.hasher, durable: this.durable };
  }
}
