import { Injectable } from '@nestjs/common';
import type { TablePart } from '../engine/child/tables.js';
import { PLACES_FILE } from '../engine/engine.types.js';
import { EXPORT_FORMATS } from '../export/export-formats.js';
import { DerivedResults } from '../results/derived-results.service.js';
import type { SourceFile } from '../sources/table-sources.service.js';
import { placesOf, TableKnowledge } from '../tables/table-knowledge.service.js';
import { WrittenResults } from '../tables/written-results.service.js';

/** Below that they are found as fast as they are read. */
const WORTH_BYTES = 1024 ** 2;

/** Finds out at which rows of a file its patches are, once for all who read it later. */
@Injectable()
export class PatchPlacer {
  constructor(
    private readonly knowledge: TableKnowledge,
    private readonly results: DerivedResults,
    private readonly written: WrittenResults,
  ) {}

  /** @throws as reading the table does */
  async place(file: SourceFile, callerId: string, signal?: AbortSignal): Promise<void> {
    const description = await this.knowledge.description(file);
    if (!description || file.size < WORTH_BYTES) return;
    const of = placesOf(file, description);
    if ((await this.results.find(of)) || (await this.knowledge.staged(file))) return;
    const use = { fileType: 'parquet', mimeType: EXPORT_FORMATS.parquet.mimeType };
    const places = await this.written.make(
      { of, use, name: PLACES_FILE, files: [file], given: {}, callerId, signal },
      async (call, [part]) => await call('places', { part: part as TablePart }),
    );
    await places.keep();
  }
}
