import { randomUUID } from 'node:crypto';
import { mkdir, readdir, rm, stat, utimes } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { EngineChild } from './engine-child.js';
import type { Sandbox } from './engine.types.js';

/** Sessions after which a child is replaced, so that what it leaks is bounded. */
const SESSIONS_PER_CHILD = 100;
/** An unused child goes after this. */
const IDLE_MS = 5 * 60_000;
/** From the start, and from when the last one was taken, until another is started; later while children work. */
const SPARE_AFTER_MS = 2000;
/** But no longer than this: others may come while one works for long. */
const SPARE_WITHIN_MS = 10_000;
const TOUCH_MS = 60_000;
/** A folder that its process has not touched for so long is of one that is gone. */
const STALE_MS = 10 * TOUCH_MS;

export interface PoolOptions {
  dataFolder: string;
  /** Resident memory in bytes that a child may have. */
  memoryBytes: number;
  /** Children that work at a time. */
  size: number;
  /** Children that wait for work, so that it need not wait a third of a second for them. */
  spares: number;
}

/**
 * Children of this process, which live in `<data folder>/engine/<random>/<child>`. One that has worked
 * for a caller works for nobody else; one that has met an error is not used again.
 */
export class ChildPool {
  private readonly parent: string;
  private readonly root: string;
  private readonly children = new Set<EngineChild>();
  private readonly idle: EngineChild[] = [];
  private readonly spares: Promise<EngineChild>[] = [];
  private sandbox: Sandbox = { launcher: [], account: null };
  private toucher: NodeJS.Timeout | null = null;
  private folder: Promise<void> | null = null;
  private hasEnded = false;

  constructor(private readonly options: PoolOptions) {
    this.parent = join(resolve(options.dataFolder), 'engine');
    this.root = join(this.parent, randomUUID());
  }

  get count(): number {
    return this.children.size;
  }

  begin(sandbox: Sandbox): void {
    this.sandbox = sandbox;
    this.keepSparesSoon();
  }

  /** A child for this caller. @throws EngineCrashedError when none can be started */
  async take(caller: string): Promise<EngineChild> {
    const child = this.idleOf(caller) ?? (await this.fresh());
    child.caller = caller;
    return child;
  }

  giveBack(child: EngineChild): void {
    if (this.hasEnded || !child.isUsable || child.sessions >= SESSIONS_PER_CHILD) {
      void this.remove(child);
      return;
    }
    this.idle.push(child);
    while (this.idle.length > this.options.size) void this.remove(this.idle.shift() as EngineChild);
    child.idleTimer = setTimeout(() => this.retire(child), IDLE_MS).unref();
  }

  async end(): Promise<void> {
    this.hasEnded = true;
    if (this.toucher) clearInterval(this.toucher);
    await Promise.allSettled(this.spares);
    await Promise.all([...this.children].map(async (child) => await this.remove(child)));
    if (this.folder) await rm(this.root, { recursive: true, force: true });
  }

  private idleOf(caller: string): EngineChild | undefined {
    const place = this.idle.findLastIndex((child) => child.caller === caller);
    const [child] = place < 0 ? [] : this.idle.splice(place, 1);
    clearTimeout(child?.idleTimer);
    return child?.isUsable ? child : undefined;
  }

  private async fresh(): Promise<EngineChild> {
    const child = (await this.spares.shift()?.catch(() => null)) ?? (await this.start());
    const usable = child.isUsable ? child : await this.start();
    this.keepSparesSoon();
    return usable;
  }

  /** Not at once: it would take processor time from the start, or from the work that a caller waits for. */
  private keepSparesSoon(waitedMs = 0): void {
    setTimeout(() => {
      const isWorking = this.children.size > this.idle.length + this.spares.length;
      const waited = waitedMs + SPARE_AFTER_MS;
      if (isWorking && waited < SPARE_WITHIN_MS) this.keepSparesSoon(waited);
      else this.keepSpares();
    }, SPARE_AFTER_MS).unref();
  }

  private keepSpares(): void {
    const wanted = Math.min(this.options.spares, this.options.size - this.idle.length);
    while (!this.hasEnded && this.spares.length < wanted) {
      const spare = this.start();
      spare.catch(() => undefined);
      this.spares.push(spare);
    }
  }

  private async start(): Promise<EngineChild> {
    await (this.folder ??= this.prepare());
    const { memoryBytes } = this.options;
    const child = await EngineChild.start({ sandbox: this.sandbox, root: this.root, memoryBytes });
    this.children.add(child);
    return child;
  }

  private retire(child: EngineChild): void {
    const place = this.idle.indexOf(child);
    if (place < 0) return;
    this.idle.splice(place, 1);
    void this.remove(child);
  }

  private async remove(child: EngineChild): Promise<void> {
    clearTimeout(child.idleTimer);
    await child.remove();
    this.children.delete(child);
  }

  private async prepare(): Promise<void> {
    await mkdir(this.root, { recursive: true, mode: 0o700 });
    this.toucher = setInterval(() => {
      const now = new Date();
      utimes(this.root, now, now).catch(() => undefined);
    }, TOUCH_MS).unref();
    for (const name of await readdir(this.parent)) {
      const folder = join(this.parent, name);
      const { mtimeMs } = await stat(folder).catch(() => ({ mtimeMs: Date.now() }));
      if (Date.now() - mtimeMs > STALE_MS) await rm(folder, { recursive: true, force: true });
    }
  }
}
