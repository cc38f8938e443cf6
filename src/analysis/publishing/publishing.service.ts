import { Inject, Injectable } from '@nestjs/common';
import {
  DATASET_SERVICE,
  type FilePut,
  type GivenFields,
  type IDatasetService,
} from '../../core/contracts/dataset-service.contract.js';
import {
  FILE_REFERENCES,
  madeBy,
  type FileUse,
  type IFileReferences,
} from '../../core/contracts/file-references.contract.js';
import type { FileId } from '../../core/contracts/ids.js';
import { JOBS, type IJobs, type JobView } from '../../core/contracts/jobs.contract.js';
import type { Principal } from '../../core/contracts/principal.contract.js';
import type { Transaction } from '../../core/database/index.js';
import { ForbiddenError, ValidationFailedError } from '../../core/errors/index.js';
import { CommitService, parsePath } from '../../datasets/index.js';
import { JobNotSucceededError } from './publishing.errors.js';

export interface Publication {
  jobId: string;
  datasetId: string;
  versionId: string;
  versionNumber: number;
  files: { name: string; path: string; fileId: FileId }[];
}

/** A new version of a dataset. */
export interface NewVersionOf {
  /** Id or slug. */
  datasetId: string;
  branch: string;
  parent?: string | number;
  message?: string;
}

export interface PublishRequest {
  /** `null`: all of them. */
  outputs: readonly { name: string; path?: string }[] | null;
  /** A new dataset, or a version of one that is there. */
  target: { dataset: GivenFields & { name: string } } | NewVersionOf;
}

/** Called in the transaction of the publication. */
export type RecordPublication = (tx: Transaction, publication: Publication) => Promise<void>;

/** What is published, and where. */
type Puts = (FilePut & { name: string })[];

/** Makes datasets and versions of what jobs have made: as a commit of the same files would, in one transaction. */
@Injectable()
export class PublishingService {
  constructor(
    @Inject(JOBS) private readonly jobs: IJobs,
    @Inject(DATASET_SERVICE) private readonly datasets: IDatasetService,
    @Inject(FILE_REFERENCES) private readonly references: IFileReferences,
    private readonly commits: CommitService,
  ) {}

  /**
   * @throws JobNotFoundError, JobNotSucceededError, ForbiddenError, and what making a dataset or a commit throws:
   *   nothing was changed
   */
  async publish(
    caller: Principal,
    jobId: string,
    request: PublishRequest,
    record: RecordPublication,
  ): Promise<Publication> {
    if (!caller.permissions.has('jobs:read')) {
      throw new ForbiddenError('To publish what a job has made, a credential needs jobs:read.');
    }
    const job = await this.jobs.find(caller, jobId);
    if (job.status !== 'succeeded') throw new JobNotSucceededError(job.status);
    const puts = await this.putsOf(job, request.outputs);
    const { target } = request;
    return 'dataset' in target
      ? await this.asDataset(caller, job, puts, target.dataset, record)
      : await this.asVersion(caller, job, puts, target, record);
  }

  private async asDataset(
    caller: Principal,
    job: JobView,
    puts: Puts,
    fields: GivenFields & { name: string },
    record: RecordPublication,
  ): Promise<Publication> {
    let made!: Publication;
    const files = puts.map(withoutName);
    await this.datasets.create(
      caller,
      { ...fields, files, madeBy: originOf(job) },
      async (tx, dataset, versionId) => {
        made = publicationOf(job, puts, {
          datasetId: dataset.id,
          id: versionId as string,
          versionNumber: 1,
        });
        await record(tx, made);
      },
    );
    return made;
  }

  private async asVersion(
    caller: Principal,
    job: JobView,
    puts: Puts,
    { datasetId, branch, parent, message }: NewVersionOf,
    record: RecordPublication,
  ): Promise<Publication> {
    const dataset = await this.datasets.getAs(caller, datasetId, 'writer');
    const version = await this.commits.commit(
      caller,
      {
        datasetId: dataset.id,
        branch,
        parent,
        message: message ?? `Publish what the ${job.kind} job ${job.id} has made`,
        changes: puts.map(withoutName),
        madeBy: originOf(job),
      },
      { after: (tx, written) => record(tx, publicationOf(job, puts, written)) },
    );
    return publicationOf(job, puts, version);
  }

  /** Each is what the job said it is, whatever the caller's other uses of the same content say. */
  private async putsOf(job: JobView, asked: PublishRequest['outputs']): Promise<Puts> {
    const uses = await this.references.usesOf(madeBy(job.id));
    const useOf = new Map<string, FileUse & { fileId: FileId }>();
    for (const { name, fileId } of job.outputs) {
      // Two outputs can be of the same content: each has a reference of its own.
      const at = uses.findIndex((use) => use.fileId === fileId);
      if (at >= 0) useOf.set(name, uses.splice(at, 1)[0] as FileUse & { fileId: FileId });
    }
    const [names, paths] = [new Set<string>(), new Set<string>()];
    const list = asked ?? job.outputs.map(({ name }) => ({ name, path: undefined }));
    if (list.length === 0) throw ValidationFailedError.of('/outputs', 'the job has made none');
    return list.map(({ name, path }, index) => {
      const pointer = `/outputs/${index}`;
      const use = useOf.get(name);
      if (!use) {
        throw ValidationFailedError.of(`${pointer}/name`, 'is the name of no output of this job');
      }
      if (names.has(name)) throw ValidationFailedError.of(`${pointer}/name`, 'comes twice');
      const at = parsePath(path ?? use.fileName ?? name, `${pointer}/path`);
      if (paths.has(at)) {
        throw ValidationFailedError.of(`${pointer}/path`, `is ${at}, where another output goes`);
      }
      names.add(name);
      paths.add(at);
      return { op: 'put' as const, name, path: at, ...defined(use) };
    });
  }
}

const originOf = ({ id, source }: JobView) => ({
  jobId: id,
  sourceVersionId: source?.versionId ?? null,
});

const withoutName = ({ name: _, ...put }: Puts[number]): FilePut => put;

/** As a put says it: what is not known is absent. */
const defined = (use: FileUse & { fileId: FileId }): Omit<FilePut, 'op' | 'path'> => ({
  fileId: use.fileId,
  fileType: use.fileType,
  fileName: use.fileName ?? undefined,
  mimeType: use.mimeType ?? undefined,
  compressionType: use.compressionType ?? undefined,
  metadata: use.metadata,
});

const publicationOf = (
  job: JobView,
  puts: Puts,
  version: { datasetId: string; id: string; versionNumber: number },
): Publication => ({
  jobId: job.id,
  datasetId: version.datasetId,
  versionId: version.id,
  versionNumber: version.versionNumber,
  files: puts.map(({ name, path, fileId }) => ({ name, path, fileId })),
});
