import { Inject, Injectable } from '@nestjs/common';
import { ENV, type Env } from '../../core/config/config.js';
import { reviveFailure } from '../engine/failures.js';
import { Engine } from '../engine/engine.service.js';
import { DerivedResults } from '../results/derived-results.service.js';
import type { SourceFile } from '../sources/table-sources.service.js';
import { TableKnowledge } from '../tables/table-knowledge.service.js';
import { TableStager } from '../tables/table-stager.service.js';
import { UnknownTableError } from '../tabular.errors.js';
import { findTables, type FoundTable } from './table-names.js';

export interface QueryInput {
  /** As they may be named. */
  files: SourceFile[];
  sql: string;
  /** Rows of the answer. */
  limit: number;
}

/** Bytes of an answer's rows, as JSON. */
export const MAX_ANSWER_BYTES = 16 * 1024 ** 2;

/** Statements of users: one SELECT over the files of a version. */
@Injectable()
export class QueriesService {
  constructor(
    @Inject(ENV) private readonly env: Env,
    private readonly engine: Engine,
    private readonly knowledge: TableKnowledge,
    private readonly results: DerivedResults,
    private readonly stager: TableStager,
  ) {}

  /** JSON of `QueryAnswerDto`. @throws SqlRefusedError, SqlFailedError, UnknownTableError, … */
  async run({ files, sql, limit }: QueryInput, callerId: string): Promise<string> {
    const { tables, isVolatile } = await this.tablesOf(sql, files, callerId);
    const used = tables.flatMap((table) => table.files);
    const of = {
      kind: 'query',
      contents: used,
      parameters: { sql, limit, tables: tables.map(({ name }) => name) },
    };
    const compute = async (): Promise<string> => await this.carryOut(tables, sql, limit, callerId);
    const answer = await this.results.json(of, compute, isVolatile ? 'only-then' : 'when-slow');
    for (const file of used) this.stager.wish(file, {});
    return answer;
  }

  /** By the parse tree, which a child makes: the statement is not carried out for it. */
  private async tablesOf(
    sql: string,
    files: readonly SourceFile[],
    callerId: string,
  ): Promise<{ tables: FoundTable[]; isVolatile: boolean }> {
    const { tables, isVolatile, failure } = await this.engine.session(
      { callerId, contents: [], deadlineSeconds: this.env.QUERY_DEADLINE_SECONDS },
      async ({ call }) => await call('sqlTables', { sql }),
    );
    if (failure) throw reviveFailure(failure);
    const { found, unknown, ambiguous } = findTables(tables, files);
    if (unknown.length > 0 || ambiguous.length > 0) {
      throw new UnknownTableError(
        unknown,
        ambiguous,
        files.map(({ path }) => path),
      );
    }
    return { tables: found, isVolatile };
  }

  private async carryOut(
    tables: readonly FoundTable[],
    sql: string,
    limit: number,
    callerId: string,
  ): Promise<string> {
    const { contents, tables: inputs } = await this.knowledge.inputs(tables);
    const deadlineSeconds = this.env.QUERY_DEADLINE_SECONDS;
    return await this.engine.session({ callerId, contents, deadlineSeconds }, async ({ call }) => {
      const caps = { rows: limit, bytes: MAX_ANSWER_BYTES };
      const { result, ...found } = await call('query', { tables: inputs, sql, caps });
      this.knowledge.learn(
        tables.flatMap(({ files }) => files),
        found,
      );
      return result;
    });
  }
}
