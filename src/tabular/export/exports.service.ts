import { Inject, Injectable } from '@nestjs/common';
import { ENV, type Env } from '../../core/config/config.js';
import { Engine } from '../engine/engine.service.js';
import { EXPORTED_FILE } from '../engine/engine.types.js';
import { growingFile, unlessRewritten } from '../engine/growing-file.js';
import type { Selection } from '../rows/selection.js';
import type { KeptResult } from '../results/derived-results.repository.js';
import { DerivedResults, type Compute, type ResultOf } from '../results/derived-results.service.js';
import type { SourceFile } from '../sources/table-sources.service.js';
import { hintsOf, TableKnowledge, type Given } from '../tables/table-knowledge.service.js';
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
    @Inject(ENV) private readonly env: Env,
    private readonly engine: Engine,
    private readonly knowledge: TableKnowledge,
    private readonly results: DerivedResults,
  ) {}

  /** What was made of it, if it is there. */
  async find(input: ExportInput): Promise<KeptResult | null> {
    return await this.results.find(resultOf(input));
  }

  /** @throws what reading the table throws; StorageFullError */
  async make(input: ExportInput, callerId: string): Promise<KeptResult> {
    const { files, given, selection, format, options } = input;
    const of = resultOf(input);
    const { fileType, mimeType } = EXPORT_FORMATS[format];
    const use = { fileType, mimeType };
    const make: Compute = async (keep) => {
      const { contents, parts } = await this.knowledge.input(files, given);
      const deadlineSeconds = this.env.ENGINE_DEADLINE_SECONDS;
      return await this.engine.session(
        { callerId, contents, deadlineSeconds },
        async ({ call, pathOf }) => {
          const written = call('export', { parts, selection, format, options }).then((found) =>
            this.knowledge.learn(files, found, given),
          );
          return await keep(growingFile(pathOf(EXPORTED_FILE), written));
        },
      );
    };
    return await this.results.artifact(of, use, (keep) => unlessRewritten(() => make(keep)));
  }
}

const resultOf = ({ files, given, selection, format, options }: ExportInput): ResultOf => ({
  kind: 'export',
  contents: files,
  parameters: { hints: files.map((file) => hintsOf(file, given)), selection, format, options },
});
