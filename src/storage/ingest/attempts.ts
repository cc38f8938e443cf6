import { Inject, Injectable, Logger } from '@nestjs/common';
import {
  STORAGE_BACKEND,
  type IStagedFile,
  type IStorageBackend,
} from '../../core/contracts/storage-backend.contract.js';
import { ENV, type Env } from '../../core/config/config.js';
import { StorageUnavailableError } from '../../core/errors/index.js';
import { faultPoint } from '../../core/faults/fault-points.js';
import { IntentsRepository } from './intents.repository.js';
import type { ReceivedContent } from './content-hasher.js';
import { SpaceReservation, StorageSpace } from './storage-space.service.js';
import { StoredFilesRepository } from './stored-files.repository.js';
import { UploadLeases } from './upload-leases.js';

/** One file on its way in, from its intent until it is published or rolled back. */
export interface Attempt {
  readonly id: string;
  /** The backend that its bytes go to. */
  readonly backend: string;
  /** Its storage key: its own, never used before or after. */
  readonly path: string;
  readonly staged: IStagedFile;
  /** Room in the store for the bytes that are still to come. */
  readonly space: SpaceReservation;
  /** Fires when the reaper has taken the attempt for dead. */
  readonly fenced: AbortSignal;
  content: ReceivedContent;
  /** Whether its bytes were made visible under its key. */
  visible: boolean;
  /** The object of a row with this content, when there was one to look at. */
  seen: SeenObject | null;
}

/** What a look at a stored object has shown. A key is never used again, so it stays what it was. */
export interface SeenObject {
  storageKey: string;
  /** It exists with the size of its row. Otherwise the attempt's own bytes may take its place. */
  isWhole: boolean;
}

/** Where the bytes of an attempt go: a key that was never used before and never will be again. */
export const storageKeyOf = (id: string): string => `blobs/${id.slice(0, 2)}/${id}`;

const NOTHING_YET: ReceivedContent = { contentHash: '', size: 0, blockCrcs: Buffer.alloc(0) };

/** The attempts of this process. */
@Injectable()
export class Attempts {
  private readonly logger = new Logger(Attempts.name);
  private readonly attempts = new Map<string, Attempt>();

  constructor(
    @Inject(STORAGE_BACKEND) private readonly backend: IStorageBackend,
    @Inject(ENV) private readonly env: Env,
    private readonly intents: IntentsRepository,
    private readonly files: StoredFilesRepository,
    private readonly leases: UploadLeases,
    private readonly spaces: StorageSpace,
  ) {}

  /** Where the bytes of an attempt go. */
  placeOf(id: string): { backend: string; storageKey: string } {
    return { backend: this.backend.name, storageKey: storageKeyOf(id) };
  }

  /**
   * The intent is committed before the first byte is written: no object is ever unnamed.
   * @param size of the content, where it is known, or what it has at most
   * @throws StorageFullError
   */
  async begin(id: string, size: { expected?: number; atMost?: number } = {}): Promise<Attempt> {
    const space = await this.spaces.reserve(size.expected ?? size.atMost ?? 0);
    try {
      return await this.open(id, space, size.expected);
    } catch (error) {
      space.release();
      throw error;
    }
  }

  private async open(id: string, space: SpaceReservation, expectedSize?: number): Promise<Attempt> {
    const path = storageKeyOf(id);
    faultPoint('C0');
    await this.intents.openWrite({
      id,
      backend: this.backend.name,
      storageKey: path,
      leaseSeconds: this.env.UPLOAD_LEASE_SECONDS,
    });
    faultPoint('C1');
    const fenced = this.leases.start(id);
    try {
      const staged = await this.backend.openStaged(path, { expectedSize });
      return this.add(id, staged, { fenced, space }, NOTHING_YET);
    } catch (error) {
      await this.release(id, path);
      throw error;
    }
  }

  /**
   * Takes bytes in that were received before, whose intent has a lease of its own: sealed, to be published
   * now. `end` gives them back as they are; they are not rolled back.
   */
  adopt(id: string, staged: IStagedFile, content: ReceivedContent): Attempt {
    const fenced = new AbortController().signal;
    // They lie on the disk already.
    const space = new SpaceReservation(0, () => undefined);
    return this.add(id, staged, { fenced, space }, content);
  }

  find(id: string): Attempt | undefined {
    return this.attempts.get(id);
  }

  get(id: string): Attempt {
    const attempt = this.attempts.get(id);
    if (!attempt) throw new Error('This staged artifact was published or discarded already.');
    return attempt;
  }

  /** Publishes the bytes under their own key; no row names them yet, so nobody reads them. */
  async makeVisible(attempt: Attempt): Promise<void> {
    if (attempt.visible) return;
    const { size } = await attempt.staged.publish();
    if (size !== attempt.content.size) throw new StorageUnavailableError('publish');
    attempt.visible = true;
    faultPoint('C6');
  }

  /** The attempt is over: its bytes belong to a file, or are gone. */
  end(attempt: Attempt): void {
    attempt.space.release();
    this.leases.stop(attempt.id);
    if (this.attempts.get(attempt.id) === attempt) this.attempts.delete(attempt.id);
  }

  /**
   * Drops the bytes and the intent. Safe whatever became of a transaction that was to publish it:
   * the intent is fenced first, which waits for that transaction and keeps another from following.
   * Never throws: what can't be done now, the reaper does when the lease has run out.
   */
  async rollBack(attempt: Attempt): Promise<void> {
    this.end(attempt);
    if (!attempt.visible) await attempt.staged.abort().catch(() => undefined);
    await this.release(attempt.id, attempt.path);
  }

  private add(
    id: string,
    staged: IStagedFile,
    claims: Pick<Attempt, 'fenced' | 'space'>,
    content: ReceivedContent,
  ): Attempt {
    const { name: backend } = this.backend;
    const { path } = staged;
    const attempt = { id, backend, path, staged, ...claims, content, visible: false, seen: null };
    this.attempts.set(id, attempt);
    return attempt;
  }

  private async release(id: string, path: string): Promise<void> {
    this.leases.stop(id);
    try {
      const isFenced = await this.intents.fence(id);
      // Either it was published, or the reaper has been here: perhaps before the last byte was
      // written, so that nobody else will come for it.
      if (!isFenced && (await this.files.ownsObject(path))) return;
      await this.backend.deleteFile(path);
      if (isFenced) await this.intents.forget(id);
    } catch (error) {
      this.logger.warn({ err: error, attempt: id }, 'An upload is left to the collector.');
    }
  }
}
