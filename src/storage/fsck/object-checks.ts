import type { StoredFileInfo } from '../../core/contracts/storage-backend.contract.js';
import type { Transaction } from '../../core/database/index.js';
import { markOf } from '../gc/marks.js';
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
      // The collector's own, which no row names.
      if (markOf(object.path)) continue;
      batch.push(object);
      if (batch.length < BATCH) continue;
      await this.checkBatch(batch);
      batch = [];
    }
    await this.checkBatch(batch);
  }

  /** What is no object is told of, and passed over among what is staged. */
  async checkStaged(): Promise<void> {
    const { context } = this;
    const strangers = new Set<string>();
    for await (const { path, what, stagedPath } of context.parts.strangers) {
      context.step();
      this.strange(path, `${path} is ${what} that was not put there by this service.`);
      if (stagedPath !== undefined) strangers.add(stagedPath);
    }
    const suspects = await this.suspects(strangers);
    if (suspects.size === 0) return;
    // Once more, as for objects: what is still there is not just becoming a file.
    for await (const path of context.parts.backend.listStaged()) {
      context.step();
      const settle = suspects.get(path);
      suspects.delete(path);
      await settle?.();
    }
  }

  /** What is staged and can't be explained, with what is to be done when it is still there. */
  private async suspects(strangers: ReadonlySet<string>): Promise<Map<string, () => unknown>> {
    const { context } = this;
    const suspects = new Map<string, () => unknown>();
    let batch: string[] = [];
    const sift = async (): Promise<void> => {
      for (const key of await this.unnamed(batch)) {
        suspects.set(key, () => this.stagedOrphan(key));
      }
      for (const key of await context.read((tx) => context.repository.settled(tx, batch))) {
        suspects.set(key, () => this.stagedTwin(key));
      }
      batch = [];
    };
    const marks = new Map<string, number>();
    for await (const path of context.parts.backend.listStaged()) {
      context.step();
      const mark = markOf(path);
      if (mark) marks.set(path, mark.number);
      else if (!strangers.has(path)) batch.push(path);
      if (batch.length === BATCH) await sift();
    }
    await sift();
    // Its number is committed before a mark is staged: a higher one is not of this database.
    const last = marks.size > 0 ? await context.read((tx) => context.repository.lastMark(tx)) : 0;
    for (const [path, number] of marks) {
      if (number > last) suspects.set(path, () => this.stagedMark(path));
    }
    return suspects;
  }

  private async checkBatch(batch: readonly StoredFileInfo[]): Promise<void> {
    const unnamed = new Set(await this.unnamed(batch.map(({ path }) => path)));
    for (const object of batch) {
      const { path, size } = object;
      if (!unnamed.has(path)) continue;
      // No method takes every name that is listed.
      if (!OURS.test(path)) {
        this.strange(path, `${path} (${size} bytes) was not put there by this service.`);
        continue;
      }
      // An object is named before its first byte and until after its last, under a key that is never
      // used again: one that is there after it was seen to be named by nobody is an orphan.
      if (await this.context.parts.backend.exists(path)) await this.orphan(object);
    }
  }

  private async unnamed(keys: readonly string[]): Promise<string[]> {
    return await this.context.read((tx) => this.context.repository.unnamed(tx, keys));
  }

  private async orphan({ path, size, modifiedAt }: StoredFileInfo): Promise<void> {
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
      this.strange(path, `What is staged as ${path} was not put there by this service.`);
      return;
    }
    const message = `What was staged for ${path} is named by nobody.`;
    const delay = Math.max(this.context.parts.retainSeconds, DAY_SECONDS);
    await this.handOver({ kind: 'staged-orphaned', storageKey: path, message }, delay);
  }

  /** To remove what is staged is to remove the file: no method takes only the one. */
  private stagedTwin(path: string): void {
    const message = `What was staged for ${path} lies beside the file of that name, and goes when that goes.`;
    this.context.report({ kind: 'staged-orphaned', storageKey: path, message }, 'kept');
  }

  private stagedMark(path: string): void {
    const message = `${path} is a mark of the collector on another database, or on a later state of this one: npm run gc -- --accept-restore goes on without it.`;
    this.context.report({ kind: 'staged-orphaned', storageKey: path, message }, 'kept');
  }

  private strange(path: string, message: string): void {
    this.context.report({ kind: 'object-strange', storageKey: path, message });
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
