import { Inject, Injectable } from '@nestjs/common';
import { ENV, type Env } from '../../core/config/config.js';
import { Engine } from '../engine/engine.service.js';
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
      // They take several scans: of text, the first makes Parquet for the others, and for what comes later.
      for (const file of files) {
        if (await this.stager.isWorthwhile(file, given)) {
          await this.stager.stage(file, given, callerId);
        }
      }
      const { contents, parts } = await this.knowledge.input(files, given);
      const deadlineSeconds = this.env.ENGINE_DEADLINE_SECONDS;
      return await this.engine.session(
        { callerId, contents, deadlineSeconds },
        async ({ call }) => {
          const { result, ...found } = await call('statistics', { parts });
          this.knowledge.learn(files, found, given);
          return result;
        },
      );
    });
  }
}
