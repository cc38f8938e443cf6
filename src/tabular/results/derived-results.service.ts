import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { Injectable, Logger, type BeforeApplicationShutdown } from '@nestjs/common';
import canonicalize from 'canonicalize';
import { LRUCache } from 'lru-cache';
import type { StagedArtifact } from '../../core/contracts/artifact-producer.contract.js';
import { ContentReader } from '../../storage/index.js';
import { ENGINE_VERSION } from '../engine/engine-version.js';
import type { WrittenFile } from '../engine/written-file.js';
import type { WantedContent } from '../sources/local-contents.service.js';
import { DerivedResultsRepository, type KeptResult } from './derived-results.repository.js';
import { ResultKeeper, type ResultOf, type ResultUse } from './result-keeper.service.js';
import { FreshFile, KeptFile, type ResultFile } from './result-file.js';

/** Makes the bytes of an artifact and gives them to `keep`. */
export type Compute = (
  keep: (content: Readable) => Promise<StagedArtifact>,
) => Promise<StagedArtifact>;

/** What the rows of a content are made of. */
const namesOf = ({ contentHash, patches }: WantedContent): unknown =>
  patches ? [contentHash, patches.key, patches.chain.map((one) => one.contentHash)] : contentHash;

const JSON_USE: ResultUse = { fileType: 'json', mimeType: 'application/json' };

/** Bytes of results that are kept in memory as well. */
const MEMORY_BYTES = 64 * 1024 ** 2;
/** A larger one is not. */
const MAX_IN_MEMORY = 4 * 1024 ** 2;
/** What took no longer is computed again rather than kept on disk. */
const CHEAP_MS = 1000;
/** How long a file that is whole waits to be kept: whoever wants its bytes is served first. */
const KEEP_AFTER_MS = 1000;
/** At most: its readers may be slow. */
const KEEP_WITHIN_MS = 10_000;
/**
 * Results that depend on contents and parameters alone. Each is computed once at a time in this process,
 * whoever asks for it, goes on when they have gone, and is kept as an artifact.
 */
@Injectable()
export class DerivedResults implements BeforeApplicationShutdown {
  private readonly logger = new Logger(DerivedResults.name);
  private readonly memory = new LRUCache<string, string>({
    maxSize: MEMORY_BYTES,
    maxEntrySize: MAX_IN_MEMORY,
    sizeCalculation: (text) => text.length + 1,
  });
  private readonly stopping = new AbortController();
  private readonly running = new Map<string, Promise<unknown>>();

  constructor(
    private readonly repository: DerivedResultsRepository,
    private readonly keeper: ResultKeeper,
    private readonly contents: ContentReader,
  ) {}

  /** What is being kept is kept. */
  async beforeApplicationShutdown(): Promise<void> {
    this.stopping.abort();
    await Promise.allSettled(this.running.values());
  }

  /** Its name: an ETag of whatever is made of it alone. */
  keyOf({ kind, contents, parameters }: ResultOf): string {
    const of = {
      engine: ENGINE_VERSION,
      kind,
      contents: contents.map(namesOf),
      parameters,
    };
    return createHash('sha256')
      .update(canonicalize(of) as string)
      .digest('hex');
  }

  /**
   * JSON, as text.
   * @param isKept `always`; `when-slow`: in memory, and as an artifact if it took long enough; `only-then`:
   *   for what need not be the same each time, nowhere unless it took long
   */
  async json(
    of: ResultOf,
    compute: () => Promise<string>,
    isKept: 'always' | 'when-slow' | 'only-then' = 'always',
  ): Promise<string> {
    const key = this.keyOf(of);
    const known = this.memory.get(key) ?? (await this.read(key));
    if (known !== null) return known;
    return await this.once(key, async () => {
      const began = performance.now();
      const [text] = await Promise.all([compute(), isKept === 'always' && this.keeper.verify(of)]);
      const isCheap = performance.now() - began < CHEAP_MS;
      if (isKept === 'only-then' && isCheap) return text;
      this.memory.set(key, text);
      if (isKept === 'when-slow' && isCheap) return text;
      // Whoever waits for the result does not wait for it to be durable.
      void this.keepJson(of, key, text);
      return text;
    });
  }

  /** An artifact. @param compute makes the bytes */
  async artifact(of: ResultOf, use: ResultUse, compute: Compute): Promise<KeptResult> {
    const key = this.keyOf(of);
    const known = await this.repository.use(key);
    if (known) return known;
    return await this.once(key, async () => {
      const stage = async (content: Readable): Promise<StagedArtifact> =>
        await this.keeper.stage(content, use);
      return await this.keeper.keep(of, key, async () => await compute(stage));
    });
  }

  /**
   * A file that a child writes. Whoever waits for it does not wait for it to be kept; whoever asks for the
   * same before it is shares it. That it could not be kept is logged, and told to who waits for that.
   */
  async file(of: ResultOf, use: ResultUse, write: () => Promise<WrittenFile>): Promise<ResultFile> {
    const key = this.keyOf(of);
    const known = await this.repository.use(key);
    if (known) return this.keptFile(known);
    return await this.once(
      key,
      async () => {
        const file = await write();
        return new FreshFile(file, async () => await this.keepFile(of, key, use, file));
      },
      async (file) => await this.keepSoon(of, file),
    );
  }

  /** A file that was written beside something else. Nobody waits for it to be kept. */
  async putFile(of: ResultOf, use: ResultUse, file: WrittenFile): Promise<void> {
    let isTaken = false;
    try {
      await this.file(of, use, async () => {
        isTaken = true;
        return file;
      });
    } finally {
      if (!isTaken) await file.release();
    }
  }

  /** That the contents are as they were stored, looked at once a day. @throws what reading them throws */
  async verify(of: ResultOf): Promise<void> {
    await this.keeper.verify(of);
  }

  /** The artifact of this result, if it is there. */
  async find(of: ResultOf): Promise<KeptResult | null> {
    return await this.repository.use(this.keyOf(of));
  }

  /** JSON as text, if it is there. */
  async peek(of: ResultOf): Promise<string | null> {
    const key = this.keyOf(of);
    return this.memory.get(key) ?? (await this.read(key));
  }

  /** What came out beside something else. Nobody waits for it to be durable. */
  put(of: ResultOf, text: string): void {
    const key = this.keyOf(of);
    if (this.memory.get(key) === text) return;
    this.memory.set(key, text);
    void this.keepJson(of, key, text, true);
  }

  private async read(key: string): Promise<string | null> {
    const kept = await this.repository.use(key);
    if (!kept) return null;
    const text = (await buffer(await this.contents.open(kept.fileId))).toString();
    this.memory.set(key, text);
    return text;
  }

  /** @param isOver when who asks for the same need no longer be given it */
  private async once<T>(
    key: string,
    compute: () => Promise<T>,
    isOver?: (value: T) => Promise<unknown>,
  ): Promise<T> {
    const running = this.running.get(key) as Promise<T> | undefined;
    if (running) return await running;
    const started = compute();
    this.running.set(key, started);
    const end = (): boolean => this.running.delete(key);
    started.then(isOver).then(end, end);
    return await started;
  }

  private keptFile(kept: KeptResult): KeptFile {
    return new KeptFile(
      kept,
      async ({ fileId }, range) => await this.contents.open(fileId, range, 'crc-32'),
    );
  }

  /** After those who wait for its bytes: what is written to the disk holds up what is sent. */
  private async keepSoon(of: ResultOf, file: FreshFile): Promise<void> {
    const { signal } = this.stopping;
    try {
      for (let waited = 0; waited < KEEP_WITHIN_MS && !signal.aborted; waited += KEEP_AFTER_MS) {
        await delay(KEEP_AFTER_MS, undefined, { signal }).catch(() => undefined);
        if (!file.isRead) break;
      }
      await file.keep();
    } catch (error) {
      this.logger.warn({ err: error, kind: of.kind }, 'A result could not be kept.');
    }
  }

  private async keepFile(
    of: ResultOf,
    key: string,
    use: ResultUse,
    file: WrittenFile,
  ): Promise<KeptFile> {
    try {
      const stage = async (): Promise<StagedArtifact> => await this.keeper.stage(file.read(), use);
      return this.keptFile(await this.keeper.keep(of, key, stage));
    } finally {
      await file.release();
    }
  }

  private async keepJson(
    of: ResultOf,
    key: string,
    text: string,
    replacesOther = false,
  ): Promise<void> {
    try {
      if (replacesOther) {
        await this.keeper.verify(of);
        await this.keeper.remove(key, 'any');
      }
      const content = Readable.from([Buffer.from(text)]);
      await this.keeper.keep(of, key, async () => await this.keeper.stage(content, JSON_USE));
    } catch (error) {
      this.logger.warn({ err: error, kind: of.kind }, 'A result could not be kept.');
    }
  }
}
