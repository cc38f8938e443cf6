import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { AppError } from '../../core/errors/index.js';
import { EXPORTED_FILE } from '../engine/engine.types.js';
import type { Selection } from '../rows/selection.js';
import type { KeptResult } from '../results/derived-results.repository.js';
import { DerivedResults } from '../results/derived-results.service.js';
import type { ResultOf } from '../results/result-keeper.service.js';
import type { SourceFile } from '../sources/table-sources.service.js';
import type { ResultFile } from '../results/result-file.js';
import { hintsOf, TableKnowledge, type Given } from '../tables/table-knowledge.service.js';
import { WrittenResults } from '../tables/written-results.service.js';
import { EXPORT_FORMATS, type ExportFormat, type ExportOptions } from './export-formats.js';

/** Smaller ones are sent when they are whole, with their length and their digest. */
const SENT_FROM_BYTES = 1024 ** 2;
const POLL_MS = 50;
/** How long it is known why an export has failed that was being sent. */
const FAILED_MS = 60_000;

export interface ExportInput {
  files: SourceFile[];
  given: Given;
  selection: Selection;
  format: ExportFormat;
  options: ExportOptions;
}

/** Tables, or some rows of them, as files of another format. Each is an artifact, made once. */
@Injectable()
export class ExportsService {
  /** Why exports have failed that were being sent. */
  private readonly failed = new LRUCache<string, AppError>({ max: 1000, ttl: FAILED_MS });

  constructor(
    private readonly knowledge: TableKnowledge,
    private readonly results: DerivedResults,
    private readonly written: WrittenResults,
  ) {}

  /** What was made of it, if it is there. */
  async find(input: ExportInput): Promise<KeptResult | null> {
    return await this.results.find(resultOf(input));
  }

  /** @throws what reading the table throws */
  async make(input: ExportInput, callerId: string): Promise<ResultFile> {
    const { files, given, selection, format, options } = input;
    const { fileType, mimeType } = EXPORT_FORMATS[format];
    const use = { fileType, mimeType };
    const failed = this.failed.get(this.results.keyOf(resultOf(input)));
    if (failed) throw failed;
    return await this.written.make(
      { of: resultOf(input), use, name: EXPORTED_FILE, files, given, callerId },
      async (call, parts) => {
        const found = await call('export', { parts, selection, format, options });
        this.knowledge.learn(files, found, given);
      },
    );
  }

  /**
   * The bytes of a large export while it is written: who reads them has them all only when they end well.
   * Why they did not is thrown at whoever asks next.
   * @param seconds to wait for the first of them
   * @returns `null`: it is not large, or whole already, or may have to be begun anew, or has not begun
   * @throws what `make` throws
   */
  async begun(input: ExportInput, callerId: string, seconds: number): Promise<Readable | null> {
    const of = resultOf(input);
    if (!(await this.isCertain(input))) return null;
    const making = this.make(input, callerId);
    const isWhole = making.then(() => true);
    // Its failure is the reader's, once it reads.
    isWhole.catch(() => undefined);
    const deadline = performance.now() + seconds * 1000;
    while (performance.now() < deadline) {
      if (await Promise.race([isWhole, delay(POLL_MS, false, { ref: false })])) return null;
      const bytes = await this.written.read(of, SENT_FROM_BYTES);
      if (!bytes) continue;
      // What fails before it has begun fails as a whole.
      await once(bytes, 'readable').catch(async () => await making);
      if (bytes.destroyed) return null;
      // Known before the reader knows that it failed.
      bytes.once('error', (error) => {
        if (error instanceof AppError) this.failed.set(this.results.keyOf(of), error);
      });
      return bytes;
    }
    return null;
  }

  private async isCertain({ files, given }: ExportInput): Promise<boolean> {
    const certain = files.map(async (file) => await this.knowledge.isCertain(file, given));
    return (await Promise.all(certain)).every(Boolean);
  }
}

const resultOf = ({ files, given, selection, format, options }: ExportInput): ResultOf => ({
  kind: 'export',
  contents: files,
  parameters: { hints: files.map((file) => hintsOf(file, given)), selection, format, options },
});
