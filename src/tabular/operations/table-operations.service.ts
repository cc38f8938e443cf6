import { Injectable } from '@nestjs/common';
import { RowDiffPages, type DiffPageInput } from '../diff/row-diff-pages.service.js';
import { ExportsService, type ExportInput } from '../export/exports.service.js';
import { QueriesService, type QueryInput } from '../query/queries.service.js';
import type { ResultFile } from '../results/result-file.js';
import { RowsService, type RowsInput } from '../rows/rows.service.js';
import { SchemasService, type SchemaInput } from '../schema/schemas.service.js';
import {
  TableStatisticsService,
  type StatisticsInput,
} from '../statistics/table-statistics.service.js';

/** What takes time: by name, what it needs, as JSON, and what it gives. */
export interface TableOperations {
  rows: { input: RowsInput; output: string };
  schema: { input: SchemaInput; output: string };
  rejectedRows: { input: SchemaInput; output: string };
  statistics: { input: StatisticsInput; output: string };
  export: { input: ExportInput; output: ResultFile };
  query: { input: QueryInput; output: string };
  rowDiff: { input: DiffPageInput; output: string };
}

export type OperationName = keyof TableOperations;

/** Does what a request asks for, in it or in a job that goes on with it. */
@Injectable()
export class TableOperationsService {
  private readonly operations: {
    [N in OperationName]: (
      input: TableOperations[N]['input'],
      callerId: string,
    ) => Promise<TableOperations[N]['output']>;
  };

  constructor(
    rows: RowsService,
    schemas: SchemasService,
    statistics: TableStatisticsService,
    exports: ExportsService,
    queries: QueriesService,
    diffs: RowDiffPages,
  ) {
    this.operations = {
      rows: async (input, callerId) => await rows.page(input, callerId),
      schema: async (input, callerId) => await schemas.describe(input, callerId),
      rejectedRows: async (input, callerId) => await schemas.rejected(input, callerId),
      statistics: async (input, callerId) => await statistics.compute(input, callerId),
      export: async (input, callerId) => await exports.make(input, callerId),
      query: async (input, callerId) => await queries.run(input, callerId),
      rowDiff: async (input, callerId) => await diffs.page(input, callerId),
    };
  }

  async run<N extends OperationName>(
    name: N,
    input: TableOperations[N]['input'],
    callerId: string,
  ): Promise<TableOperations[N]['output']> {
    return await this.operations[name](input, callerId);
  }

  /** The same for who comes back for it: it is kept. */
  async complete(
    name: OperationName,
    input: TableOperations[OperationName]['input'],
    callerId: string,
  ): Promise<void> {
    const output = await this.run(name, input, callerId);
    if (typeof output !== 'string') await output.keep();
  }
}
