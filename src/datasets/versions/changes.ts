import type { PutChange } from '../../core/contracts/dataset-service.contract.js';
import type { StagedArtifact } from '../../core/contracts/artifact-producer.contract.js';
import type { FileUse } from '../../core/contracts/file-references.contract.js';
import type { FileId } from '../../core/contracts/ids.js';
import type { PatchCounts, RowPatch } from '../../core/contracts/row-patches.contract.js';

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

/** Rows of the table at `path` are changed, and the rest of them stay. */
export interface PatchChange extends RowPatch {
  op: 'patch';
  path: string;
}

/** The changes of a commit hold together: each is against the parent, in whatever order they come. */
export type Change = PutChange | DeleteChange | MoveChange | PatchChange;

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
  /** What lies over its rows. */
  patches?: DescribedPatches | null;
}

/** Patches with all that is known of them, oldest first. */
export interface DescribedPatches {
  key: string[];
  chain: DescribedPatch[];
}

export interface DescribedPatch
  extends PatchCounts, Pick<DescribedFile, 'source' | 'contentHash' | 'size'> {}

export interface DescribedPut {
  op: 'put';
  path: string;
  file: DescribedFile;
  /** The component that must be there, for a file that was made of it. */
  madeOf?: string;
}

/** As a version is made of it. */
export type DescribedChange = DescribedPut | DeleteChange | MoveChange;

/** What a patch is as a file. */
export const PATCH_USE: FileUse = {
  fileType: 'row-patch',
  mimeType: 'application/vnd.apache.parquet',
};
