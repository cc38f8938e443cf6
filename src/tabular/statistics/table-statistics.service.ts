import { Inject, Injectable } from '@nestjs/common';
import { ENV, type Env } from '../../core/config/config.js';
import { Engine } from '../engine/engine.service.js';
import { STAGED_FILE } from '../engine/engine.types.js';
import { WrittenFile } from '../engine/written-file.js';
import { DerivedResults } from '../results/derived-results.service.js';
import type { SourceFile } from '../sources/table-sources.service.js';
import { hintsOf, TableKnowledge, type Given } from '../tables/table-knowledge.service.js';
import { TableStager } from '../tables/table-stager.service.js';

export interface StatisticsInput {
  files: SourceFile[];
  given: Given;
}

/** Figures of whole tables, each computed once per content. */
@Injectable()
export class TableStatisticsService {
  constructor(
    @Inject(ENV) private readonly env: Env,
    private readonly engine: Engine,
    private readonly knowledge: TableKnowledge,
    private readonly results: DerivedResults,
    private readonly stager: TableStager,
  ) {}

  /** JSON of `TableStatisticsDto`. @throws what reading the table throws */
  async compute({ files, given }: StatisticsInput, callerId: string): Promise<string> {
    const of = {
      kind: 'statistics',
      contents: files,
      parameters: files.map((file) => hintsOf(file, given)),
    };
    return await this.results.json(of, async () => {
      const { contents, parts } = await this.knowledge.input(files, given);
      const stagedAs = await this.stagedAs(files, given);
      // As much as staging each by itself would have had.
      const sessions = 1 + stagedAs.filter((name) => name !== null).length;
      const deadlineSeconds = sessions * this.env.ENGINE_DEADLINE_SECONDS;
      return await this.engine.session(
        { callerId, contents, deadlineSeconds },
        async ({ call, pathOf }) => {
          const found = await call('statistics', { parts, stagedAs });
          this.knowledge.learn(files, found, given);
          for (const name of found.staged) {
            const file = files[stagedAs.indexOf(name)] as SourceFile;
            await this.stager.keep(file, given, await WrittenFile.open(pathOf(name)));
          }
          return found.result;
        },
      );
    });
  }

  private async stagedAs(files: readonly SourceFile[], given: Given): Promise<(string | null)[]> {
    return await Promise.all(
      files.map(async (file, place) =>
        (await this.stager.isWanting(file, given)) ? `${place}-${STAGED_FILE}` : null,
      ),
    );
  }
}
