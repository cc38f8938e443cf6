import { Inject, Injectable } from '@nestjs/common';
import { ENV, type Env } from '../../core/config/config.js';
import type { RowPlace } from '../filter/keyset.js';
import { Engine } from '../engine/engine.service.js';
import { DerivedResults } from '../results/derived-results.service.js';
import type { SourceFile } from '../sources/table-sources.service.js';
import { hintsOf, TableKnowledge, type Given } from '../tables/table-knowledge.service.js';
import { TableStager } from '../tables/table-stager.service.js';
import type { Selection } from './selection.js';

export interface RowsInput {
  files: SourceFile[];
  given: Given;
  selection: Selection;
  /** Where the page before ended. */
  after: RowPlace | null;
  limit: number;
  /** Characters of a cell's JSON, above which it is cut. */
  cellLimit: number;
}

/** Pages of tables. */
@Injectable()
export class RowsService {
  constructor(
    @Inject(ENV) private readonly env: Env,
    private readonly engine: Engine,
    private readonly knowledge: TableKnowledge,
    private readonly results: DerivedResults,
    private readonly stager: TableStager,
  ) {}

  /** JSON of `RowsPage`. @throws what reading the table throws; UnknownColumnError, InvalidFilterError */
  async page(input: RowsInput, callerId: string): Promise<string> {
    const { files, given, ...rest } = input;
    const of = {
      kind: 'rows',
      contents: files,
      parameters: { hints: files.map((file) => hintsOf(file, given)), ...rest },
    };
    const compute = async (): Promise<string> => {
      const { contents, parts } = await this.knowledge.input(files, given);
      const deadlineSeconds = this.env.ENGINE_DEADLINE_SECONDS;
      return await this.engine.session(
        { callerId, contents, deadlineSeconds },
        async ({ call }) => {
          const { result, ...found } = await call('rows', { parts, ...rest });
          this.knowledge.learn(files, found, given);
          return result;
        },
      );
    };
    const page = await this.results.json(of, compute, 'when-slow');
    for (const file of files) this.stager.wish(file, given);
    return page;
  }
}
