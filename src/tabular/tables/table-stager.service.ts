import { setTimeout as delay } from 'node:timers/promises';
import { Injectable, Logger, type BeforeApplicationShutdown } from '@nestjs/common';
import type { TablePart } from '../engine/child/tables.js';
import { STAGED_FILE } from '../engine/engine.types.js';
import type { WrittenFile } from '../engine/written-file.js';
import { EXPORT_FORMATS } from '../export/export-formats.js';
import { DerivedResults } from '../results/derived-results.service.js';
import { PatchPlacer } from '../patches/patch-placer.service.js';
import { baseOf, type SourceFile } from '../sources/table-sources.service.js';
import { stagedOf, TableKnowledge, type Given } from './table-knowledge.service.js';
import { WrittenResults } from './written-results.service.js';

/** Smaller contents are read as fast as they are. */
const WORTH_BYTES = 4 * 1024 ** 2;
/** Between an answer and what is made for the next: whoever asks again at once is answered first. */
const AFTER_MS = 1000;
/** Formats that are columnar themselves. */
const COLUMNAR = new Set(['parquet', 'staged']);

const USE = { fileType: 'parquet', mimeType: EXPORT_FORMATS.parquet.mimeType };

/** Makes Parquet of the rows of other formats, once per content: what comes after it reads that. */
@Injectable()
export class TableStager implements BeforeApplicationShutdown {
  private readonly logger = new Logger(TableStager.name);
  private readonly stopping = new AbortController();
  private readonly wished = new Set<string>();
  private last: Promise<void> = Promise.resolve();

  constructor(
    private readonly knowledge: TableKnowledge,
    private readonly results: DerivedResults,
    private readonly written: WrittenResults,
    private readonly placer: PatchPlacer,
  ) {}

  async beforeApplicationShutdown(): Promise<void> {
    this.stopping.abort(new Error('The application stops.'));
    await this.last;
  }

  /** Whether the file is one that would be read faster as Parquet, as far as is known. */
  async isWorthwhile(file: SourceFile, given: Given): Promise<boolean> {
    return file.size >= WORTH_BYTES && (await this.isParsed(file, given));
  }

  /** Whether each reading takes text apart anew, as far as is known: of single columns, too. */
  async isParsed(file: SourceFile, given: Given): Promise<boolean> {
    const description = await this.knowledge.description(file, given);
    return !description || !COLUMNAR.has(description.format);
  }

  /** Some time soon, one after another. Whoever asked has got its answer without it. */
  wish(file: SourceFile, given: Given): void {
    const key = this.results.keyOf(stagedOf(file, given));
    const isSmall = file.size < WORTH_BYTES && !file.patches;
    if (isSmall || this.wished.has(key) || this.stopping.signal.aborted) return;
    this.wished.add(key);
    this.last = this.last
      .then(async () => {
        await delay(AFTER_MS, undefined, { signal: this.stopping.signal });
        await this.stageIfWorthwhile(file, given);
        if (file.patches) await this.placer.place(file, TableStager.name, this.stopping.signal);
      })
      .catch((error: unknown) => {
        this.logger.debug({ err: error, contentHash: file.contentHash }, 'A table was not staged.');
      });
  }

  /** Whether it is worthwhile, and not done. */
  async isWanting(file: SourceFile, given: Given): Promise<boolean> {
    if (!(await this.isWorthwhile(file, given))) return false;
    return (await this.knowledge.staged(baseOf(file), given)) === null;
  }

  /** What a session has written beside its own work. Nobody waits for it to be kept. */
  async keep(file: SourceFile, given: Given, written: WrittenFile): Promise<void> {
    await this.results.putFile(stagedOf(baseOf(file), given), USE, written);
  }

  /** Now, for a caller who waits for it; without the file's patches. @throws as reading it does */
  async stage(file: SourceFile, given: Given, callerId: string): Promise<void> {
    await this.write(baseOf(file), given, callerId);
  }

  /** With its patches, so that readers need not look at them any more. @throws as reading it does */
  async merge(file: SourceFile, callerId: string, signal?: AbortSignal): Promise<void> {
    await this.write(file, {}, callerId, signal);
  }

  private async write(
    file: SourceFile,
    given: Given,
    callerId: string,
    signal: AbortSignal = this.stopping.signal,
  ): Promise<void> {
    const of = stagedOf(file, given);
    if (await this.results.find(of)) return;
    try {
      const staged = await this.written.make(
        { of, use: USE, name: STAGED_FILE, files: [file], given, callerId, signal },
        async (call, [part]) => {
          const found = await call('stage', { part: part as TablePart, name: STAGED_FILE });
          this.knowledge.learn([file], found, given);
          if (found.result === null) throw new NotStageableError();
        },
      );
      await staged.keep();
    } catch (error) {
      if (!(error instanceof NotStageableError)) throw error;
    }
  }

  private async stageIfWorthwhile(file: SourceFile, given: Given): Promise<void> {
    if (this.stopping.signal.aborted || !(await this.isWorthwhile(file, given))) return;
    await this.stage(file, given, TableStager.name);
  }
}

/** Its rows are of types that Parquet has not: they are read as they are. */
class NotStageableError extends Error {}
