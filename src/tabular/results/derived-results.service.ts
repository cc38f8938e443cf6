import { createHash, randomUUID } from 'node:crypto';
import { buffer } from 'node:stream/consumers';
import { Readable } from 'node:stream';
import { Inject, Injectable, Logger } from '@nestjs/common';
import canonicalize from 'canonicalize';
import { LRUCache } from 'lru-cache';
import {
  ARTIFACT_PRODUCER,
  type IArtifactProducer,
  type StagedArtifact,
} from '../../core/contracts/artifact-producer.contract.js';
import {
  FILE_REFERENCES,
  type IFileReferences,
} from '../../core/contracts/file-references.contract.js';
import { UnitOfWork } from '../../core/database/index.js';
import { ContentReader } from '../../storage/index.js';
import { ENGINE_VERSION } from '../engine/engine-version.js';
import type { WantedContent } from '../sources/local-contents.service.js';
import { DerivedResultsRepository, type KeptResult } from './derived-results.repository.js';

/** Who holds the artifacts of results. */
export const derivedOwner = (id: string): { type: string; id: string } => ({ type: 'derived', id });

/** What a result is of: the same of each gives the same result, in every version and dataset. */
export interface ResultOf {
  kind: string;
  contents: readonly WantedContent[];
  /** JSON. */
  parameters: unknown;
}

/** Makes the bytes of an artifact and gives them to `keep`, also while they still grow. */
export type Compute = (
  keep: (content: Readable) => Promise<StagedArtifact>,
) => Promise<StagedArtifact>;

/** Another process has kept the same meanwhile: undoes the transaction. */
class KeptAlready extends Error {}

/** Bytes of results that are kept in memory as well. */
const MEMORY_BYTES = 64 * 1024 ** 2;
/** A larger one is not. */
const MAX_IN_MEMORY = 4 * 1024 ** 2;
/** What took no longer is computed again rather than kept on disk. */
const CHEAP_MS = 1000;
/** Contents that were written, or found to be right, so long ago are verified before a result is kept. */
const VERIFIED_WITHIN_MS = 24 * 3600_000;

/**
 * Results that depend on contents and parameters alone. Each is computed once at a time in this process,
 * whoever asks for it, goes on when they have gone, and is kept as an artifact.
 */
@Injectable()
export class DerivedResults {
  private readonly logger = new Logger(DerivedResults.name);
  private readonly memory = new LRUCache<string, string>({
    maxSize: MEMORY_BYTES,
    maxEntrySize: MAX_IN_MEMORY,
    sizeCalculation: (text) => text.length + 1,
  });
  private readonly running = new Map<string, Promise<unknown>>();

  constructor(
    private readonly repository: DerivedResultsRepository,
    @Inject(ARTIFACT_PRODUCER) private readonly producer: IArtifactProducer,
    @Inject(FILE_REFERENCES) private readonly references: IFileReferences,
    private readonly contents: ContentReader,
    private readonly unitOfWork: UnitOfWork,
  ) {}

  /** Its name: an ETag of whatever is made of it alone. */
  keyOf({ kind, contents, parameters }: ResultOf): string {
    const of = {
      engine: ENGINE_VERSION,
      kind,
      contents: contents.map(({ contentHash }) => contentHash),
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
      const [text] = await Promise.all([compute(), isKept === 'always' && this.verify(of)]);
      const isCheap = performance.now() - began < CHEAP_MS;
      if (isKept === 'only-then' && isCheap) return text;
      this.memory.set(key, text);
      if (isKept === 'when-slow' && isCheap) return text;
      // Whoever waits for the result does not wait for it to be durable.
      void this.keepJson(of, key, text);
      return text;
    });
  }

  /** An artifact. @param compute makes the bytes; its stream may still be growing when it returns */
  async artifact(
    of: ResultOf,
    use: { fileType: string; mimeType: string },
    compute: Compute,
  ): Promise<KeptResult> {
    const key = this.keyOf(of);
    const known = await this.repository.use(key);
    if (known) return known;
    return await this.once(key, async () => {
      const [staged] = await Promise.all([
        compute(async (content) => await this.producer.stage(content, use)),
        this.verify(of),
      ]);
      return await this.publish(of, key, staged);
    });
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

  private async once<T>(key: string, compute: () => Promise<T>): Promise<T> {
    const running = this.running.get(key) as Promise<T> | undefined;
    if (running) return await running;
    const started = compute().finally(() => this.running.delete(key));
    this.running.set(key, started);
    return await started;
  }

  private async keepJson(
    of: ResultOf,
    key: string,
    text: string,
    replacesOther = false,
  ): Promise<void> {
    try {
      await this.verify(of);
      if (replacesOther) await this.remove(key, 'any');
      const use = { fileType: 'json', mimeType: 'application/json' };
      const staged = await this.producer.stage(Readable.from([Buffer.from(text)]), use);
      await this.publish(of, key, staged);
    } catch (error) {
      this.logger.warn({ err: error, kind: of.kind }, 'A result could not be kept.');
    }
  }

  /** Of two processes that computed the same, the first keeps it. Staged bytes are used or given up. */
  private async publish(of: ResultOf, key: string, staged: StagedArtifact): Promise<KeptResult> {
    const id = randomUUID();
    try {
      await this.remove(key, 'damaged');
      return await this.unitOfWork.run(async (tx) => {
        const [fileId] = (await this.producer.publish(tx, [staged], derivedOwner(id))) as [number];
        const { contentHash, size } = staged;
        const kept = { id, fileId, contentHash, size };
        const sourceHashes = of.contents.map((content) => content.contentHash);
        const isFirst = await this.repository.insert(tx, {
          ...kept,
          key,
          kind: of.kind,
          sourceHashes,
        });
        if (!isFirst) throw new KeptAlready();
        return kept;
      });
    } catch (error) {
      await this.producer.discard([staged]);
      const kept = error instanceof KeptAlready ? await this.repository.use(key) : null;
      if (!kept) throw error;
      return kept;
    }
  }

  private async remove(key: string, which: 'any' | 'damaged'): Promise<void> {
    await this.unitOfWork.run(async (tx) => {
      const taken = await this.repository.take(tx, key, which);
      if (taken) await this.references.release(tx, taken.fileId, derivedOwner(taken.id));
    });
  }

  /** A result of rotten bytes must not outlive them. Beside the work, since both read the same bytes. */
  private async verify({ contents }: ResultOf): Promise<void> {
    for (const { fileId } of contents) await this.contents.verify(fileId, VERIFIED_WITHIN_MS);
  }
}
