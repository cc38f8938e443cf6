/** An output where it was published. */
export class PublishedFileDto {
  /** Of the output. */
  name: string;
  path: string;
  fileId: number;
}

/** A version that was made of what a job has made. */
export class PublicationDto {
  jobId: string;
  datasetId: string;
  versionId: string;
  versionNumber: number;
  files: PublishedFileDto[];
}
