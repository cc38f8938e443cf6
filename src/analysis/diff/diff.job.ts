import { Readable } from 'node:stream';
import { Inject, Injectable } from '@nestjs/common';
import { outputMetadata } from '../../core/contracts/job-output-metadata.js';
import { unlessAborted } from '../../core/background/unless-aborted.js';
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
import type { Principal } from '../../core/contracts/principal.contract.js';
import { VERSION_FILES, type IVersionFiles } from '../../core/contracts/version-files.contract.js';
import { ValidationFailedError } from '../../core/errors/index.js';
import { PathNotFoundError } from '../../datasets/index.js';
import {
  ENGINE_VERSION,
  EXPORT_FORMATS,
  RowDiffFiles,
  RowDiffs,
  toleranceOf,
  type DiffSpec,
} from '../../tabular/index.js';
import { checkedParameters, tableSource } from '../kinds/checked-parameters.js';
import { JobTables } from '../kinds/job-tables.service.js';
import { StagedOutputs } from '../kinds/staged-outputs.js';
import { DiffParametersDto } from './dto/diff-parameters.dto.js';

type DiffParameters = Omit<DiffParametersDto, 'base'> & { base: PinnedSource };

type Job = RunningJob<DiffParameters>;

/**
 * Which rows of two files differ, of any versions and datasets: as a table of the changes, and as counts.
 * What `…/diff/rows` has computed of the same contents is not computed again, nor the other way round.
 */
@JobKind('diff')
@Injectable()
export class DiffJob implements IJobHandler<DiffParameters> {
  readonly engineVersion = ENGINE_VERSION;

  constructor(
    @Inject(VERSION_FILES) private readonly versions: IVersionFiles,
    private readonly tables: JobTables,
    private readonly diffs: RowDiffs,
    private readonly files: RowDiffFiles,
    @Inject(ARTIFACT_PRODUCER) private readonly producer: IArtifactProducer,
  ) {}

  async validate(
    caller: Principal,
    given: Record<string, unknown>,
    source: PinnedSource | null,
  ): Promise<DiffParameters> {
    const head = tableSource(source);
    const parameters = await checkedParameters(DiffParametersDto, given);
    const { key, tolerance, relativeTolerance } = parameters;
    if (!key && (tolerance > 0 || relativeTolerance > 0)) {
      throw ValidationFailedError.of('/parameters/tolerance', 'is possible only with a key');
    }
    return Object.assign(parameters, { base: await this.pinBase(caller, parameters, head) });
  }

  sources({ base }: DiffParameters): PinnedSource[] {
    return [base];
  }

  async run(job: Job, { signal, progress }: JobContext): Promise<JobOutputs> {
    const { base: pinned, format, readOptions } = job.parameters;
    const base = await this.tables.filesOf(job, pinned, readOptions);
    const head = await this.tables.filesOf(job, tableSource(job.source), readOptions);
    progress(0.05, 'comparing');
    // Work that others may wait for, too: it goes on when this job has been cancelled, and is kept.
    const diff = await unlessAborted(
      signal,
      this.diffs.of({ base, head, spec: specOf(job.parameters) }, job.createdBy),
    );
    progress(0.9, 'writing');
    const written = await unlessAborted(signal, this.files.open(diff, format, job.createdBy));
    const metadata = outputMetadata(job, {
      base_dataset_id: pinned.datasetId,
      base_version_id: pinned.versionId,
      base_path: pinned.path,
      key: diff.summary.key,
      counts: diff.summary.counts,
    });
    const { fileType, mimeType, extension } = EXPORT_FORMATS[format];
    const outputs = await StagedOutputs.of(this.producer, signal, async (staged) => {
      await staged.stage('changes', written, {
        fileType,
        mimeType,
        fileName: `changes.${extension}`,
        metadata,
      });
      await staged.stage('summary', Readable.from([Buffer.from(JSON.stringify(diff.summary))]), {
        fileType: 'json',
        mimeType: 'application/json',
        fileName: 'summary.json',
        metadata,
      });
    });
    return { outputs };
  }

  private async pinBase(
    caller: Principal,
    { base }: DiffParametersDto,
    head: PinnedSource & { path: string },
  ): Promise<PinnedSource> {
    const { datasetId = head.datasetId, ref = 'latest', path = head.path } = base;
    try {
      return await this.versions.pin(caller, { datasetId, ref, path });
    } catch (error) {
      if (!(error instanceof PathNotFoundError)) throw error;
      throw new PathNotFoundError(path, `the base, version ${ref}`);
    }
  }
}

const specOf = (parameters: DiffParameters): DiffSpec => ({
  key: parameters.key ?? null,
  tolerance: toleranceOf(parameters.tolerance, parameters.relativeTolerance),
  renames: Object.entries(parameters.renames).map(([from, to]) => ({ from, to })),
  columns: parameters.columns ?? null,
  ignore: parameters.ignore ?? [],
});
