import { stat } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { Inject, Injectable } from '@nestjs/common';
import { ENV, type Env } from '../../core/config/config.js';
import type { TablePart } from '../engine/child/tables.js';
import type { EngineSession } from '../engine/engine-session.js';
import { Engine } from '../engine/engine.service.js';
import { growingFile } from '../engine/growing-file.js';
import { WrittenFile } from '../engine/written-file.js';
import { DerivedResults } from '../results/derived-results.service.js';
import type { ResultOf, ResultUse } from '../results/result-keeper.service.js';
import type { ResultFile } from '../results/result-file.js';
import type { SourceFile } from '../sources/table-sources.service.js';
import { TableKnowledge, type Given } from './table-knowledge.service.js';

export interface WrittenResult {
  of: ResultOf;
  use: ResultUse;
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
  private readonly growing = new Map<string, { path: string; becoming: Promise<WrittenFile> }>();

  constructor(
    @Inject(ENV) private readonly env: Env,
    private readonly engine: Engine,
    private readonly knowledge: TableKnowledge,
    private readonly results: DerivedResults,
  ) {}

  /**
   * The file when it is whole, soon kept, as every result.
   * @param write has the child write the file, and resolves when it is whole
   * @throws what `write` throws; what `Engine.session` throws
   */
  async make(
    { of, use, name, files, given, callerId, signal }: WrittenResult,
    write: (call: EngineSession['call'], parts: TablePart[]) => Promise<unknown>,
  ): Promise<ResultFile> {
    return await this.results.file(of, use, async () => {
      const { contents, parts } = await this.knowledge.input(files, given);
      const deadlineSeconds = this.env.ENGINE_DEADLINE_SECONDS;
      return await this.engine.session(
        { callerId, contents, deadlineSeconds, signal },
        async ({ call, pathOf }) => {
          const path = pathOf(name);
          // Beside the work, since both read the same bytes: what is made of rotten ones is not whole.
          const verified = this.results.verify(of);
          verified.catch(() => undefined);
          const becoming = write(call, parts).then(async () => {
            await verified;
            return await WrittenFile.open(path);
          });
          const key = this.results.keyOf(of);
          this.growing.set(key, { path, becoming });
          return await becoming.finally(() => this.growing.delete(key));
        },
      );
    });
  }

  /** What a child is writing in this process, from its beginning; `null`: there are fewer bytes of it. */
  async read(of: ResultOf, minBytes: number): Promise<Readable | null> {
    const file = this.growing.get(this.results.keyOf(of));
    if (!file) return null;
    const { size } = await stat(file.path).catch(() => ({ size: 0 }));
    return size >= minBytes ? growingFile(file.path, file.becoming) : null;
  }
}
