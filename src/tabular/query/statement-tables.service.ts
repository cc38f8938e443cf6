import { Inject, Injectable } from '@nestjs/common';
import { ENV, type Env } from '../../core/config/config.js';
import { Engine } from '../engine/engine.service.js';
import { reviveFailure } from '../engine/failures.js';
import type { SourceFile } from '../sources/table-sources.service.js';
import { UnknownTableError } from '../tabular.errors.js';
import { findTables, type FoundTable } from './table-names.js';

export interface JudgedStatement {
  tables: FoundTable[];
  /** Whether it may give something else each time. */
  isVolatile: boolean;
}

/** Whether users' statements may be carried out, and on which files. */
@Injectable()
export class StatementTables {
  constructor(
    @Inject(ENV) private readonly env: Env,
    private readonly engine: Engine,
  ) {}

  /**
   * By the parse tree, which a child makes: the statement is not carried out for it.
   * @param files that it may name
   * @throws SqlRefusedError, UnknownTableError
   */
  async judge(
    sql: string,
    files: readonly SourceFile[],
    callerId: string,
  ): Promise<JudgedStatement> {
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
}
