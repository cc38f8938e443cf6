export class TypeStatisticsDto {
  /** @example csv */
  fileType: string;

  files: number;

  bytes: number;
}

/** How large a dataset is. Every figure is exact. */
export class DatasetStatisticsDto {
  datasetId: string;

  /** Versions that are not deleted, of every branch. */
  versions: number;

  /** Files of the head of `main`; 0 before the first commit, as the next two. */
  files: number;

  /** Their bytes. */
  bytes: number;

  /** The same by file type, in the order of its name. */
  types: TypeStatisticsDto[];

  /** Bytes of every file that a commit has put and that is still kept, of all versions together. */
  logicalBytes: number;

  /** The same with each content counted once: what the dataset would take in the store alone. */
  storedBytes: number;

  /** `logicalBytes` less `storedBytes`. */
  savedBytes: number;
}
