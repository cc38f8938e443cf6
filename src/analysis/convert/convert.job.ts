import { Injectable } from '@nestjs/common';
import { outputMetadata } from '../../core/contracts/job-output-metadata.js';
import {
  JobKind,
  type IJobHandler,
  type JobContext,
  type JobOutputs,
  type PinnedSource,
  type RunningJob,
} from '../../core/contracts/jobs.contract.js';
import {
  ENGINE_VERSION,
  parseFilter,
  quoteIdentifier,
  resolveColumns,
  toSql,
  type BenchTable,
} from '../../tabular/index.js';
import { checkedParameters, tableSource } from '../kinds/checked-parameters.js';
import { JobBench } from '../kinds/job-bench.service.js';
import { JobTables } from '../kinds/job-tables.service.js';
import { ConvertParametersDto } from './dto/convert-parameters.dto.js';
import { refuseIdle, threadsFor, writeOutput } from './written-as.js';

/** A table, or some of it, in another format: docs/conversions.md. */
@JobKind('convert')
@Injectable()
export class ConvertJob implements IJobHandler<ConvertParametersDto> {
  readonly engineVersion = ENGINE_VERSION;

  constructor(
    private readonly tables: JobTables,
    private readonly bench: JobBench,
  ) {}

  /** @throws ValidationFailedError, InvalidFilterError */
  async validate(
    _: unknown,
    parameters: Record<string, unknown>,
    source: PinnedSource | null,
  ): Promise<ConvertParametersDto> {
    tableSource(source);
    const checked = await checkedParameters(ConvertParametersDto, parameters);
    refuseIdle(checked);
    if (checked.where !== undefined) parseFilter(checked.where);
    return checked;
  }

  async run(
    job: RunningJob<ConvertParametersDto>,
    { signal, progress }: JobContext,
  ): Promise<JobOutputs> {
    const { parameters } = job;
    const files = await this.tables.filesOf(job, tableSource(job.source), parameters.readOptions);
    const threads = threadsFor(parameters.format);
    const options = { signal, threads, tables: [{ name: 'source', files }] };
    return await this.bench.outputs(job, options, async (bench, held) => {
      progress(0.1, 'writing');
      const selected = selectOf(bench.tables[0] as BenchTable, parameters);
      const metadata = outputMetadata(job);
      await writeOutput(bench, held, parameters, { name: 'converted', ...selected, metadata });
    });
  }
}

/** @throws UnknownColumnError, InvalidFilterError */
function selectOf(
  { name, columns }: BenchTable,
  { columns: wanted, where }: ConvertParametersDto,
): { sql: string; parameters: string[] } {
  const references = wanted?.map((column, place) => ({
    kind: 'column' as const,
    path: [column],
    position: place + 1,
  }));
  const chosen = references ? resolveColumns(references, columns) : columns;
  const condition = where === undefined ? null : toSql(parseFilter(where), columns);
  const list = chosen.map((column) => quoteIdentifier(column.name)).join(', ');
  return {
    sql: `SELECT ${list} FROM ${quoteIdentifier(name)}${condition ? ` WHERE ${condition.sql}` : ''}`,
    parameters: condition?.parameters ?? [],
  };
}
