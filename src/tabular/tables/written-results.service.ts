import { Inject, Injectable } from '@nestjs/common';
import { ENV, type Env } from '../../core/config/config.js';
import type { TablePart } from '../engine/child/tables.js';
import type { EngineSession } from '../engine/engine-session.js';
import { Engine } from '../engine/engine.service.js';
import { growingFile, unlessRewritten } from '../engine/growing-file.js';
import type { KeptResult } from '../results/derived-results.repository.js';
import { DerivedResults, type ResultOf } from '../results/derived-results.service.js';
import type { SourceFile } from '../sources/table-sources.service.js';
import { TableKnowledge, type Given } from './table-knowledge.service.js';

export interface WrittenResult {
  of: ResultOf;
  use: { fileType: string; mimeType: string };
  /** What the session calls the file. */
  name: string;
  files: readonly SourceFile[];
  given: Given;
  callerId: string;
  signal?: AbortSignal;
}

/** Results that are files which a child writes, of tables that it reads. */
@Injectable()
export class WrittenResults {
  constructor(
    @Inject(ENV) private readonly env: Env,
    private readonly engine: Engine,
    private readonly knowledge: TableKnowledge,
    private readonly results: DerivedResults,
  ) {}

  /**
   * Kept, as every result: written once, and hashed and stored while it is written.
   * @param write has the child write the file, and resolves when it is whole; it may be called twice
   * @throws what `write` throws; StorageFullError; what `Engine.session` throws
   */
  async make(
    { of, use, name, files, given, callerId, signal }: WrittenResult,
    write: (call: EngineSession['call'], parts: TablePart[]) => Promise<unknown>,
  ): Promise<KeptResult> {
    return await this.results.artifact(
      of,
      use,
      async (keep) =>
        await unlessRewritten(async () => {
          const { contents, parts } = await this.knowledge.input(files, given);
          const deadlineSeconds = this.env.ENGINE_DEADLINE_SECONDS;
          return await this.engine.session(
            { callerId, contents, deadlineSeconds, signal },
            async ({ call, pathOf }) => await keep(growingFile(pathOf(name), write(call, parts))),
          );
        }),
    );
  }
}
