import { Injectable } from '@nestjs/common';
import { EXPORTED_FILE } from '../engine/engine.types.js';
import type { Selection } from '../rows/selection.js';
import type { KeptResult } from '../results/derived-results.repository.js';
import { DerivedResults, type ResultOf } from '../results/derived-results.service.js';
import type { SourceFile } from '../sources/table-sources.service.js';
import { hintsOf, TableKnowledge, type Given } from '../tables/table-knowledge.service.js';
import { WrittenResults } from '../tables/written-results.service.js';
import { EXPORT_FORMATS, type ExportFormat, type ExportOptions } from './export-formats.js';

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
  constructor(
    private readonly knowledge: TableKnowledge,
    private readonly results: DerivedResults,
    private readonly written: WrittenResults,
  ) {}

  /** What was made of it, if it is there. */
  async find(input: ExportInput): Promise<KeptResult | null> {
    return await this.results.find(resultOf(input));
  }

  /** @throws what reading the table throws; StorageFullError */
  async make(input: ExportInput, callerId: string): Promise<KeptResult> {
    const { files, given, selection, format, options } = input;
    const { fileType, mimeType } = EXPORT_FORMATS[format];
    const use = { fileType, mimeType };
    return await this.written.make(
      { of: resultOf(input), use, name: EXPORTED_FILE, files, given, callerId },
      async (call, parts) => {
        const found = await call('export', { parts, selection, format, options });
        this.knowledge.learn(files, found, given);
      },
    );
  }
}

const resultOf = ({ files, given, selection, format, options }: ExportInput): ResultOf => ({
  kind: 'export',
  contents: files,
  parameters: { hints: files.map((file) => hintsOf(file, given)), selection, format, options },
});
