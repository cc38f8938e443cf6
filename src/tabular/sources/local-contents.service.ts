import { createWriteStream } from 'node:fs';
import { chmod, link, mkdir, readdir, rename, rm, stat, unlink, utimes } from 'node:fs/promises';
import { randomUUID } from 'node:crypto';
import { join, resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { Inject, Injectable } from '@nestjs/common';
import { ENV, type Env } from '../../core/config/config.js';
import type { FileId } from '../../core/contracts/ids.js';
import type { PatchCounts } from '../../core/contracts/row-patches.contract.js';
import { ContentReader } from '../../storage/index.js';
import type { SessionContent } from '../engine/engine.types.js';

/** A file of a version that work is to be done on. */
export interface WantedContent extends SessionContent {
  fileId: FileId;
  /** SHA-256, lower-case hex. */
  contentHash: string;
  /** What of it lies over its rows. */
  patches?: TablePatches | null;
}

/** Patches as contents, oldest first. */
export interface TablePatches {
  key: string[];
  chain: (WantedContent & PatchCounts)[];
}

/** A content of the engine's own making. */
export const asParquet = <T extends { fileId: FileId; contentHash: string; size: number }>(
  content: T,
): T & WantedContent => ({
  ...content,
  fileType: 'parquet',
  fileName: 'table.parquet',
  compressionType: null,
});

/** All contents that a table is read from. */
export const withPatches = (content: WantedContent): WantedContent[] => [
  content,
  ...(content.patches?.chain ?? []),
];

const READ_ONLY = 0o444;

/**
 * Brings contents to where a child can read them. Where the store has them as files of this machine, by
 * a link; else by a copy, verified as it is read, in a cache under `<data folder>/cache`, by content, of
 * which those unused for longest go first.
 */
@Injectable()
export class LocalContents {
  private readonly cache: string;
  private readonly coming = new Map<string, Promise<void>>();

  constructor(
    @Inject(ENV) private readonly env: Env,
    private readonly contents: ContentReader,
  ) {
    this.cache = join(resolve(env.STRATUM_DATA_DIR), 'cache');
  }

  /** Each into the folder, under its place in the list. @throws what `ContentReader.open` throws */
  async bring(
    wanted: readonly WantedContent[],
    folder: string,
    signal?: AbortSignal,
  ): Promise<void> {
    for (const [place, content] of wanted.entries()) {
      signal?.throwIfAborted();
      const target = join(folder, String(place));
      if (await this.contents.link(content.fileId, target)) continue;
      await this.linkCached(content, target);
    }
  }

  private async linkCached(content: WantedContent, target: string): Promise<void> {
    const cached = join(this.cache, content.contentHash);
    // Twice, since another process may evict it between the two.
    for (let tries = 0; tries < 2; tries += 1) {
      await this.keep(content, cached);
      try {
        await link(cached, target);
        return;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      }
    }
    throw new Error('A content was evicted from the cache as soon as it was there.');
  }

  private async keep(content: WantedContent, cached: string): Promise<void> {
    const now = new Date();
    const isThere = await utimes(cached, now, now).then(
      () => true,
      () => false,
    );
    if (isThere) return;
    const coming = this.coming.get(cached) ?? this.copy(content, cached);
    this.coming.set(cached, coming);
    await coming.finally(() => this.coming.delete(cached));
  }

  private async copy(content: WantedContent, cached: string): Promise<void> {
    await mkdir(this.cache, { recursive: true, mode: 0o700 });
    await this.makeRoom(content.size);
    const partial = `${cached}.${randomUUID()}`;
    try {
      const source = await this.contents.open(content.fileId);
      await pipeline(source, createWriteStream(partial, { flags: 'wx', mode: 0o600 }));
      await chmod(partial, READ_ONLY);
      await rename(partial, cached);
    } catch (error) {
      await rm(partial, { force: true });
      throw error;
    }
  }

  /** Least recently used first. Links that sessions have keep their bytes until they end. */
  private async makeRoom(size: number): Promise<void> {
    const files = await Promise.all(
      (await readdir(this.cache)).map(async (name) => {
        const path = join(this.cache, name);
        const found = await stat(path).catch(() => null);
        return { path, size: found?.size ?? 0, usedAt: found?.mtimeMs ?? 0 };
      }),
    );
    let total = files.reduce((sum, file) => sum + file.size, size);
    for (const file of files.toSorted((a, b) => a.usedAt - b.usedAt)) {
      if (total <= this.env.ENGINE_CACHE_BYTES) return;
      await unlink(file.path).catch(() => undefined);
      total -= file.size;
    }
  }
}
