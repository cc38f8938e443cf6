import { Inject, Injectable } from '@nestjs/common';
import { ENV, type Env } from '../../core/config/config.js';
import { Engine } from '../engine/engine.service.js';
import { growingFile, unlessRewritten } from '../engine/growing-file.js';
import { PLACES_FILE } from '../engine/engine.types.js';
import { DerivedResults } from '../results/derived-results.service.js';
import type { SourceFile } from '../sources/table-sources.service.js';
import { placesOf, TableKnowledge } from '../tables/table-knowledge.service.js';

/** Below that they are found as fast as they are read. */
const WORTH_BYTES = 1024 ** 2;

/** Finds out at which rows of a file its patches are, once for all who read it later. */
@Injectable()
export class PatchPlacer {
  constructor(
    @Inject(ENV) private readonly env: Env,
    private readonly engine: Engine,
    private readonly knowledge: TableKnowledge,
    private readonly results: DerivedResults,
  ) {}

  /** @throws as reading the table does */
  async place(file: SourceFile, callerId: string, signal?: AbortSignal): Promise<void> {
    const description = await this.knowledge.description(file);
    if (!description || file.size < WORTH_BYTES) return;
    const of = placesOf(file, description);
    if ((await this.results.find(of)) || (await this.knowledge.staged(file))) return;
    const use = { fileType: 'parquet', mimeType: 'application/vnd.apache.parquet' };
    await this.results.artifact(
      of,
      use,
      async (keep) =>
        await unlessRewritten(async () => {
          const { contents, parts } = await this.knowledge.input([file]);
          const [part] = parts as [(typeof parts)[number]];
          const deadlineSeconds = this.env.ENGINE_DEADLINE_SECONDS;
          return await this.engine.session(
            { callerId, contents, deadlineSeconds, signal },
            async ({ call, pathOf }) =>
              await keep(growingFile(pathOf(PLACES_FILE), call('places', { part }))),
          );
        }),
    );
  }
}
