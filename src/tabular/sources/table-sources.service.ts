import { Inject, Injectable } from '@nestjs/common';
import {
  DATASET_SERVICE,
  type IDatasetService,
} from '../../core/contracts/dataset-service.contract.js';
import type { DatasetView } from '../../core/contracts/dataset-repository.contract.js';
import type { PinnedSource } from '../../core/contracts/jobs.contract.js';
import type { Principal } from '../../core/contracts/principal.contract.js';
import type { PatchableFile } from '../../core/contracts/row-patches.contract.js';
import {
  PathNotFoundError,
  VersionReader,
  type Version,
  type VersionedDataset,
} from '../../datasets/index.js';
import { TooManyTablesError } from '../tabular.errors.js';
import { asParquet, type TablePatches, type WantedContent } from './local-contents.service.js';

/** Files that one table may be made of, and tables that a statement may choose from. */
export const MAX_FILES = 1000;
const PAGE = 1000;

/** A file that is, or is a part of, a table. */
export interface SourceFile extends WantedContent {
  path: string;
  /** How it is to be read, as the version's own metadata says: `readOptions` of the file there. */
  readOptions: Record<string, unknown>;
  /** What lies over its rows; content and size are those of the file without. */
  patches: TablePatches | null;
}

/** The same file without its patches. */
export const baseOf = (file: SourceFile): SourceFile => ({ ...file, patches: null });

/** What a path of a version stands for. */
export interface TableSource {
  dataset: DatasetView;
  version: Version;
  path: string;
  /** Of a folder, which reads as one table, in the order of the bytes of their paths. */
  files: SourceFile[];
  isFolder: boolean;
}

/** Finds the files that a request names, as far as its caller may read them. */
@Injectable()
export class TableSources {
  constructor(
    @Inject(DATASET_SERVICE) private readonly datasets: IDatasetService,
    private readonly versions: VersionReader,
  ) {}

  /**
   * @param place a path that ends in `/` is a folder, with all that lies below it
   * @throws DatasetNotFoundError, VersionNotFoundError, VersionDeletedError, PathNotFoundError,
   *   TooManyTablesError
   */
  async resolve(
    caller: Principal,
    place: { datasetKey: string; ref: string; path: string },
  ): Promise<TableSource> {
    const { path } = place;
    const { dataset, version } = await this.versionOf(caller, place);
    const isFolder = path.endsWith('/');
    const files = isFolder
      ? await this.below({ dataset, version }, path)
      : [toSourceFile(path, await this.versions.fileAt(version, path))];
    if (files.length === 0) throw new PathNotFoundError(path);
    return { dataset, version, path, files, isFolder };
  }

  /**
   * Files of what a job has as its source, whoever asks: that its submitter may read it was found at
   * submission.
   * @throws DatasetNotFoundError, VersionNotFoundError, VersionDeletedError, PathNotFoundError,
   *   TooManyTablesError
   */
  async pinned({ datasetId, versionId, path }: PinnedSource): Promise<SourceFile[]> {
    const { dataset, version } = await this.versions.pinned(datasetId, versionId);
    if (path !== null && !path.endsWith('/')) {
      return [toSourceFile(path, await this.versions.fileAt(version, path))];
    }
    const files = await this.below({ dataset, version }, path ?? '');
    if (files.length === 0) throw new PathNotFoundError(path ?? '');
    return files;
  }

  /** @throws DatasetNotFoundError, VersionNotFoundError, VersionDeletedError */
  async versionOf(
    caller: Principal,
    { datasetKey, ref }: { datasetKey: string; ref: string },
  ): Promise<{ dataset: DatasetView; version: Version }> {
    const dataset = await this.datasets.get(caller, datasetKey);
    return { dataset, version: await this.versions.resolve(dataset, ref) };
  }

  /** Every file whose path begins so. @throws TooManyTablesError */
  async below(
    { dataset, version }: { dataset: VersionedDataset; version: Version },
    prefix: string,
  ): Promise<SourceFile[]> {
    const files: SourceFile[] = [];
    let cursor: string | undefined;
    do {
      const page = await this.versions.listFiles(dataset, version.id, {
        prefix: prefix.normalize('NFC'),
        delimiter: null,
        cursor,
        limit: PAGE,
      });
      for (const { path, file } of page.items) {
        if (file && file.size > 0) files.push(toSourceFile(path, file));
      }
      if (files.length > MAX_FILES) throw new TooManyTablesError(prefix, MAX_FILES);
      cursor = page.nextCursor ?? undefined;
    } while (cursor !== undefined);
    return files;
  }
}

/** Each of its patches as a table of its own, oldest first: `op`, `new` and `old`, as docs/decisions/0026 has them. */
export const patchesAsTables = ({ path, patches }: SourceFile): SourceFile[] =>
  (patches?.chain ?? []).map((patch) => ({
    ...patch,
    path: `a patch of ${path}`,
    readOptions: {},
    patches: null,
  }));

/** A file as it is at a path. */
export function toSourceFile(path: string, file: Omit<PatchableFile, 'path'>): SourceFile {
  const { fileId, contentHash, size, fileType, compressionType, metadata } = file;
  const fileName = path.slice(path.lastIndexOf('/') + 1);
  const said = metadata['readOptions'];
  const readOptions = isRecord(said) ? said : {};
  const patches = file.patches && {
    key: file.patches.key,
    chain: file.patches.chain.map(asParquet),
  };
  return {
    path,
    fileId,
    contentHash,
    size,
    fileType,
    fileName,
    compressionType,
    readOptions,
    patches,
  };
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
