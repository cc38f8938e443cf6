import type { PutChange } from '../../core/contracts/dataset-service.contract.js';
import type { StagedArtifact } from '../../core/contracts/artifact-producer.contract.js';
import type { FileUse } from '../../core/contracts/file-references.contract.js';
import type { FileId } from '../../core/contracts/ids.js';

export type { FilePut, PutChange } from '../../core/contracts/dataset-service.contract.js';

export interface DeleteChange {
  op: 'delete';
  path: string;
}

/** As in JSON Patch (RFC 6902 section 4.4): what is at `from` goes to `path`, where nothing may be. */
export interface MoveChange {
  op: 'move';
  from: string;
  path: string;
}

/** The changes of a commit hold together: each is against the parent, in whatever order they come. */
export type Change = PutChange | DeleteChange | MoveChange;

/** A file with all that is known of it when it is put. */
export interface DescribedFile {
  /** A stored file, or bytes that become one with the commit. */
  source: { fileId: FileId } | { staged: StagedArtifact };
  /** SHA-256 of the bytes, lower-case hex. */
  contentHash: string;
  /** Bytes. */
  size: number;
  use: FileUse;
  index: number | null;
}

export interface DescribedPut {
  op: 'put';
  path: string;
  file: DescribedFile;
}

/** As a version is made of it. */
export type DescribedChange = DescribedPut | DeleteChange | MoveChange;
