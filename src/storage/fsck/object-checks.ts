import type { StoredFileInfo } from '../../core/contracts/storage-backend.contract.js';
import type { Transaction } from '../../core/database/index.js';
import { GC_MARKS_PREFIX } from '../gc/marks.js';
import type { FsckContext } from './fsck-context.js';

const BATCH = 500;
const DAY_SECONDS = 86_400;
/** As uploads name their objects: nothing else is ever handed to the collector. */
const OURS = /^blobs\/[0-9a-f]{2}\/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
/** A store on which more than these are orphaned belongs to another database, or that one was restored. */
const MAX_SHARE = 0.05;
const MIN_HANDED = 20;
/** No object store was there before. */
const EPOCH = Date.UTC(2000, 0, 1);

/** The collector's own, which no row names. */
const isMark = (path: string): boolean => path.startsWith(GC_MARKS_PREFIX);

/** Every object of the store, and everything staged: whether a row or an intent names it. */
export class ObjectChecks {
  private handed = 0;

  constructor(private readonly context: FsckContext) {}

  async checkObjects(): Promise<void> {
    const { context } = this;
    let batch: StoredFileInfo[] = [];
    for await (const object of context.parts.backend.listFiles('')) {
      context.progress.objects += 1;
      context.step();
      if (isMark(object.path)) continue;
      batch.push(object);
      if (batch.length < BATCH) continue;
      await this.checkBatch(batch);
      batch = [];
    }
    await this.checkBatch(batch);
  }

  async checkStaged(): Promise<void> {
    const { context } = this;
    let batch: string[] = [];
    const check = async (): Promise<void> => {
      for (const key of await this.unnamed(batch)) await this.stagedOrphan(key);
      batch = [];
    };
    for await (const path of context.parts.backend.listStaged()) {
      context.step();
      if (isMark(path)) continue;
      batch.push(path);
      if (batch.length === BATCH) await check();
    }
    await check();
  }

  private async checkBatch(batch: readonly StoredFileInfo[]): Promise<void> {
    const unnamed = new Set(await this.unnamed(batch.map(({ path }) => path)));
    for (const object of batch) {
      // An object is named before its first byte and until after its last, under a key that is never
      // used again: one that is there after it was seen to be named by nobody is an orphan.
      if (unnamed.has(object.path) && (await this.context.parts.backend.exists(object.path))) {
        await this.orphan(object);
      }
    }
  }

  private async unnamed(keys: readonly string[]): Promise<string[]> {
    return await this.context.read((tx) => this.context.repository.unnamed(tx, keys));
  }

  private async orphan({ path, size, modifiedAt }: StoredFileInfo): Promise<void> {
    if (!OURS.test(path)) {
      const message = `${path} (${size} bytes) was not put there by this service.`;
      this.context.report({ kind: 'object-strange', storageKey: path, message });
      return;
    }
    const found = {
      kind: 'object-orphaned' as const,
      storageKey: path,
      message: `${path} (${size} bytes, of ${dateOf(modifiedAt)}) is named by nobody.`,
    };
    if (!isOld(modifiedAt)) this.context.report(found, 'kept');
    else await this.handOver(found, this.context.parts.retainSeconds);
  }

  /** When it was written is not known; that a day passes before it is removed is. */
  private async stagedOrphan(path: string): Promise<void> {
    if (!OURS.test(path)) {
      const message = `What is staged as ${path} was not put there by this service.`;
      this.context.report({ kind: 'object-strange', storageKey: path, message });
      return;
    }
    const message = `What was staged for ${path} is named by nobody.`;
    const delay = Math.max(this.context.parts.retainSeconds, DAY_SECONDS);
    await this.handOver({ kind: 'staged-orphaned', storageKey: path, message }, delay);
  }

  private async handOver(
    found: { kind: 'object-orphaned' | 'staged-orphaned'; storageKey: string; message: string },
    afterSeconds: number,
  ): Promise<void> {
    const { parts, repairs, progress, options } = this.context;
    const most = progress.filesTotal && Math.max(MIN_HANDED, progress.filesTotal * MAX_SHARE);
    if (options.repair && this.handed >= most) {
      const message = `${found.message} Kept, as too many are: is this the database of this store?`;
      this.context.report({ ...found, message }, 'kept');
      return;
    }
    this.handed += 1;
    const give = (tx: Transaction): Promise<boolean> =>
      repairs.openDelete(tx, parts.backend.name, found.storageKey, afterSeconds);
    await this.context.settle(found, give, 'handed-over');
  }
}

const isOld = (modifiedAt: Date): boolean =>
  modifiedAt.getTime() > EPOCH && Date.now() - modifiedAt.getTime() > DAY_SECONDS * 1000;

const dateOf = (modifiedAt: Date): string =>
  modifiedAt.getTime() > EPOCH ? modifiedAt.toISOString() : 'unknown age';
