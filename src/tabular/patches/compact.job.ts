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
import { ValidationFailedError } from '../../core/errors/index.js';
import { pointerTo } from '../../core/validation/json-pointer.js';
import { ContentReader } from '../../storage/index.js';
import { ENGINE_VERSION } from '../engine/engine-version.js';
import { TableSources, type SourceFile } from '../sources/table-sources.service.js';
import { PlainTables } from './plain-tables.service.js';

/**
 * Writes a file with patches over it as a plain file: the job's output, what its path is downloaded as, and
 * what readers read from then on. The version stays what it is.
 */
@JobKind('compact')
@Injectable()
export class CompactJob implements IJobHandler<Record<string, never>> {
  readonly engineVersion = ENGINE_VERSION;

  constructor(
    @Inject(ARTIFACT_PRODUCER) private readonly producer: IArtifactProducer,
    private readonly tables: TableSources,
    private readonly contents: ContentReader,
    private readonly plainTables: PlainTables,
  ) {}

  async validate(
    _: unknown,
    parameters: Record<string, unknown>,
    source: PinnedSource | null,
  ): Promise<Record<string, never>> {
    const [unknown] = Object.keys(parameters);
    if (unknown !== undefined) {
      throw ValidationFailedError.of(
        `/parameters${pointerTo(unknown)}`,
        'is no parameter of compact',
      );
    }
    if (!source?.file) throw ValidationFailedError.of('/source', 'must name a file by its path');
    if (!source.file.patches) {
      throw ValidationFailedError.of('/source/path', 'has no patches: there is nothing to write');
    }
    return {};
  }

  async run(job: RunningJob, { signal }: JobContext): Promise<JobOutputs> {
    const source = job.source as PinnedSource & { path: string };
    const { path } = source;
    const [file] = (await this.tables.pinned(source)) as [SourceFile];
    const plain = await this.plainTables.write(file, job.createdBy, signal);
    const staged = await this.producer.stage(await this.contents.open(plain.fileId), {
      fileType: plain.fileType,
      mimeType: plain.mimeType,
      fileName: path.slice(path.lastIndexOf('/') + 1),
      metadata: outputMetadata(job),
      expectedSha256: plain.contentHash,
      signal,
    });
    return { outputs: [{ name: 'table', staged }] };
  }
}
