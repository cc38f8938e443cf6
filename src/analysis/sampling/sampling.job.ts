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
import type { Principal } from '../../core/contracts/principal.contract.js';
import {
  ENGINE_VERSION,
  EXPORT_FORMATS,
  parseFilter,
  type BenchTable,
} from '../../tabular/index.js';
import { checkedParameters, tableSource } from '../kinds/checked-parameters.js';
import { JobBench } from '../kinds/job-bench.service.js';
import { JobTables } from '../kinds/job-tables.service.js';
import { drawSample } from './draw-sample.js';
import { SamplingParametersDto } from './dto/sampling-parameters.dto.js';
import { samplingPlan, type SamplingPlan } from './sampling-plan.js';

/** Samples of a table, as files: docs/sampling.md. */
@JobKind('sampling')
@Injectable()
export class SamplingJob implements IJobHandler<SamplingPlan> {
  readonly engineVersion = ENGINE_VERSION;

  constructor(
    private readonly tables: JobTables,
    private readonly bench: JobBench,
  ) {}

  /** @throws ValidationFailedError, InvalidFilterError */
  async validate(
    _: Principal,
    parameters: Record<string, unknown>,
    source: PinnedSource | null,
  ): Promise<SamplingPlan> {
    tableSource(source);
    const plan = samplingPlan(await checkedParameters(SamplingParametersDto, parameters));
    if (plan.where !== undefined) parseFilter(plan.where);
    return plan;
  }

  /** @throws what `drawSample` throws, and reading the table */
  async run(job: RunningJob<SamplingPlan>, { signal, progress }: JobContext): Promise<JobOutputs> {
    const { parameters: plan, seed } = job;
    const files = await this.tables.filesOf(job, tableSource(job.source));
    const { extension, ...type } = EXPORT_FORMATS[plan.format];
    const options = { compression: plan.compression ?? 'snappy', guardFormulas: false };
    const session = { signal, tables: [{ name: 'source', files }] };
    return await this.bench.outputs(job, session, async (bench, held) => {
      progress(0.1, 'choosing rows');
      const table = bench.tables[0] as BenchTable;
      const sample = await drawSample(bench, { table, files: files.length }, plan, seed);
      progress(0.7, 'writing them');
      const { rows } = await bench.write(
        sample.sql,
        { format: plan.format, options, parameters: sample.parameters },
        async (content) =>
          await held.stage('sample', content, { ...type, fileName: `sample.${extension}` }),
      );
      const { population, figures } = sample.drawn;
      held.describe(
        'sample',
        outputMetadata(job, { ...asked(plan), ...figures, rows, population }),
      );
    });
  }
}

/** As the metadata of the sample tells it. */
const asked = (plan: SamplingPlan): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries({
      method: plan.method,
      replacement: plan.replacement,
      fraction: plan.fraction,
      stratify_by: plan.stratifyBy,
      allocation: plan.method === 'stratified' ? (plan.allocation ?? 'proportional') : undefined,
      minimum_per_stratum: plan.minimumPerStratum,
      cluster_by: plan.clusterBy,
      weight: plan.weight,
      where: plan.where,
      format: plan.format,
      compression: plan.format === 'parquet' ? (plan.compression ?? 'snappy') : undefined,
    }).filter(([, value]) => value !== undefined),
  );
