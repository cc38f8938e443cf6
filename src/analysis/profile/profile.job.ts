import { Readable } from 'node:stream';
import { Inject, Injectable } from '@nestjs/common';
import { outputMetadata } from '../../core/contracts/job-output-metadata.js';
import {
  ARTIFACT_PRODUCER,
  type IArtifactProducer,
} from '../../core/contracts/artifact-producer.contract.js';
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
  quoteIdentifier,
  TableStatisticsService,
  TableWorkbench,
  type SourceFile,
  type TableStatistics,
  type Workbench,
} from '../../tabular/index.js';
import { checkedParameters, tableSource } from '../kinds/checked-parameters.js';
import { JobTables } from '../kinds/job-tables.service.js';
import { StagedOutputs } from '../kinds/staged-outputs.js';
import { ProfileParametersDto } from './dto/profile-parameters.dto.js';
import type { MeasuredTable } from './measure/measured-table.js';
import { measureProfile } from './measure/measure-profile.js';
import { profilePage } from './page/profile-page.js';
import type { Profile } from './profile.types.js';

type Job = RunningJob<ProfileParametersDto>;

/**
 * What there is to know of a table, as JSON and as a page to read. Figures of single columns are those of
 * `…/statistics`, computed once per content; the rest is measured on a bench.
 */
@JobKind('profile')
@Injectable()
export class ProfileJob implements IJobHandler<ProfileParametersDto> {
  readonly engineVersion = ENGINE_VERSION;

  constructor(
    private readonly tables: JobTables,
    private readonly statistics: TableStatisticsService,
    private readonly workbench: TableWorkbench,
    @Inject(ARTIFACT_PRODUCER) private readonly producer: IArtifactProducer,
  ) {}

  async validate(
    _: unknown,
    parameters: Record<string, unknown>,
    source: PinnedSource | null,
  ): Promise<ProfileParametersDto> {
    tableSource(source);
    return await checkedParameters(ProfileParametersDto, parameters);
  }

  async run(job: Job, context: JobContext): Promise<JobOutputs> {
    const source = tableSource(job.source);
    const { signal } = context;
    const files = await this.tables.filesOf(job, source, job.parameters.readOptions);
    context.progress(0.05, 'statistics');
    const text = await this.statistics.compute({ files, given: {} }, job.createdBy);
    const profile: Profile = {
      source: toSource(source, files, source.path),
      engineVersion: ENGINE_VERSION,
      ...(await this.measure(job, context, files, JSON.parse(text) as TableStatistics)),
    };
    context.progress(0.95, 'page');
    const metadata = outputMetadata(job);
    const outputs = await StagedOutputs.of(this.producer, signal, async (staged) => {
      await staged.stage('profile.json', Readable.from([Buffer.from(JSON.stringify(profile))]), {
        fileType: 'json',
        mimeType: 'application/json',
        fileName: 'profile.json',
        metadata,
      });
      await staged.stage('profile.html', Readable.from([Buffer.from(profilePage(profile))]), {
        fileType: 'html',
        mimeType: 'text/html; charset=utf-8',
        fileName: 'profile.html',
        metadata,
      });
    });
    return { outputs };
  }

  private async measure(
    { createdBy: callerId, deadline }: Job,
    { signal, progress }: JobContext,
    files: readonly SourceFile[],
    { rowCount, columns }: TableStatistics,
  ): Promise<Omit<Profile, 'source' | 'engineVersion'>> {
    const options = { callerId, deadline, signal, tables: [{ name: 'profiled', files }] };
    const paths = files.map(({ path }) => path);
    return await this.workbench.session(options, async (bench) =>
      measureProfile(toMeasured(bench, rowCount), columns, paths, progress),
    );
  }
}

function toMeasured(bench: Workbench, rowCount: number): MeasuredTable {
  const [{ name, rowsView, fileIndex, rowIndex }] = bench.tables as [Workbench['tables'][number]];
  return {
    bench,
    name: quoteIdentifier(name),
    numbered: quoteIdentifier(rowsView),
    fileIndex: quoteIdentifier(fileIndex),
    rowIndex: quoteIdentifier(rowIndex),
    rowCount,
  };
}

const toSource = (
  { datasetId, versionId, versionNumber }: PinnedSource,
  files: readonly SourceFile[],
  path: string,
): Profile['source'] => ({
  datasetId,
  versionId,
  versionNumber,
  path,
  files: files.map((file) => ({ path: file.path, sha256: file.contentHash, size: file.size })),
});
