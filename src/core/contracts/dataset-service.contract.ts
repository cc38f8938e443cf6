import type { Transaction } from '../database/unit-of-work.js';
import type { Page } from '../http/cursor.js';
import type { StagedArtifact } from './artifact-producer.contract.js';
import type { DatasetFields, DatasetView, TagFilter } from './dataset-repository.contract.js';
import type { DatasetId, FileId, VersionId } from './ids.js';
import type { DatasetRole, Principal } from './principal.contract.js';

export const DATASET_SERVICE = Symbol('IDatasetService');

/** A file goes to a path; what was there before is replaced. */
interface Put {
  op: 'put';
  /** Relative, in Unicode NFC, at most 1,024 bytes. */
  path: string;
  /** Where the user wants it among the others; nothing depends on it. */
  index?: number;
}

/** A file that the caller may read. */
export interface FilePut extends Put {
  fileId: FileId;
  /** What it is there; where absent, as the caller's own use of the file has it. */
  fileType?: string;
  fileName?: string;
  mimeType?: string;
  compressionType?: string;
  metadata?: Record<string, unknown>;
}

/** Bytes that came with the request, and become a file with the commit. */
export interface StagedPut extends Put {
  /** With all that it is there. */
  staged: StagedArtifact;
}

export type PutChange = FilePut | StagedPut;

/** What a caller says of a dataset; what is absent gets a default or stays as it is. */
export type GivenFields = Partial<DatasetFields> & { tags?: readonly string[] };

/** What a version is, when a job has made its files. */
export interface MadeBy {
  jobId: string;
  /** The version that the job was about, if it was about one. */
  sourceVersionId: string | null;
}

export interface NewDataset extends GivenFields {
  name: string;
  /** Of the first version. */
  madeBy?: MadeBy;
  /** Files of the first version, which is made with the dataset. */
  files: readonly PutChange[];
}

export interface DatasetEdit extends GivenFields {
  /** Id or name of the user whose it shall be. */
  ownerId?: string;
}

/** Whether the caller meant to edit this revision. */
export type IsExpected = (revision: number) => boolean;

/** Datasets, for callers. A key is the id or the slug of a dataset. */
export interface IDatasetService {
  /**
   * Makes a dataset, and its first version when there are files: all or nothing.
   * @param record is called in the transaction, with the answer to be and the first version, if there is one
   * @throws SlugTakenError, FileNotFoundError, PathConflictError, ValidationFailedError
   */
  create(
    caller: Principal,
    given: NewDataset,
    record: (tx: Transaction, dataset: DatasetView, versionId: VersionId | null) => Promise<void>,
  ): Promise<DatasetView>;
  /** @throws DatasetNotFoundError */
  get(caller: Principal, key: string): Promise<DatasetView>;
  /**
   * As `get`, for a caller who needs this role.
   * @throws DatasetNotFoundError, ForbiddenError
   */
  getAs(caller: Principal, key: string, role: DatasetRole): Promise<DatasetView>;
  /**
   * The dataset for a caller who is to change it: nobody else does until the commit.
   * @throws DatasetNotFoundError, ForbiddenError, EtagMismatchError
   */
  lock(
    tx: Transaction,
    caller: Principal,
    id: DatasetId,
    role: DatasetRole,
    isExpected?: IsExpected,
  ): Promise<DatasetView>;
  /**
   * The datasets of these keys, in their order; `null` where there is none that the caller may read.
   * One query, however many they are.
   */
  getAll(caller: Principal, keys: readonly string[]): Promise<(DatasetView | null)[]>;
  /** Newest first. @throws CursorMismatchError */
  list(
    caller: Principal,
    query: TagFilter & { cursor?: string; limit: number },
  ): Promise<Page<DatasetView>>;
  /**
   * Edits what is given and leaves the rest. Writers edit what is said of the dataset; its slug, its
   * visibility and its owner are for its admins.
   * @throws DatasetNotFoundError, ForbiddenError, EtagMismatchError, SlugTakenError, UserNotFoundError
   */
  patch(
    caller: Principal,
    key: string,
    given: DatasetEdit,
    isExpected: IsExpected,
  ): Promise<DatasetView>;
}
