import type { StagedArtifact } from './artifact-producer.contract.js';
import type { FileId } from './ids.js';
import type { Principal } from './principal.contract.js';

export const ROW_PATCHES = Symbol('IRowPatches');

/** A row, or a key, as callers write it: values by the names of columns, each as `/rows` answers it. */
export type GivenRow = Readonly<Record<string, unknown>>;

/** Changes of rows of one table, found by their key. */
export interface RowPatch {
  /** Names of columns that together tell the rows apart. */
  key: readonly string[];
  /**
   * Rows with at least their key. One whose key is there changes the columns that it has, at the place
   * where it is; another becomes a new last row, its absent columns null.
   */
  upserts: readonly GivenRow[];
  /** Keys. One that is not there is no fault. */
  deletes: readonly GivenRow[];
}

/** How many rows it changes, of the table that it was made for. */
export interface PatchCounts {
  inserts: number;
  updates: number;
  deletes: number;
}

/** A patch as it is kept: a Parquet file; what is in it tells docs/decisions/0026-row-patches.md. */
export interface PatchContent extends PatchCounts {
  fileId: FileId;
  /** SHA-256 of the bytes, lower-case hex. */
  contentHash: string;
  /** Bytes. */
  size: number;
}

/** What lies over the rows of a file. */
export interface RowPatches {
  /** Of all its patches. */
  key: string[];
  /** Oldest first, at least one and at most `MAX_PATCHES`. */
  chain: PatchContent[];
}

/** More are made one by the commit that adds to them. */
export const MAX_PATCHES = 16;
/** Upserts and deletes of one patch. */
export const MAX_PATCH_ROWS = 100_000;
/** Rows that the patches of one file name together. */
export const MAX_PATCHED_ROWS = 1_000_000;

/** A file at its path in a version, as far as its rows depend on it. */
export interface PatchableFile {
  path: string;
  fileId: FileId;
  /** SHA-256 of the bytes without patches, lower-case hex. */
  contentHash: string;
  size: number;
  fileType: string;
  compressionType: string | null;
  metadata: Record<string, unknown>;
  patches: RowPatches | null;
}

/** A patch that is ready to be committed. Its bytes must go to `publish` or `discard`. */
export interface PreparedPatch {
  staged: StagedArtifact;
  counts: PatchCounts;
  /** Whether it holds what all patches of the file come to, and takes their place. */
  isFold: boolean;
}

/** Bytes that are the same table as a file with its patches. */
export interface PlainTable {
  fileId: FileId;
  contentHash: string;
  size: number;
  fileType: string;
  mimeType: string;
}

/** Patches of rows. Bound by the slice that reads tables; committed by the one that makes versions. */
export interface IRowPatches {
  /**
   * Checks a patch against the table as it is, and stores it. Faults name their place in the patch.
   * @throws ValidationFailedError: unknown columns, values that do not fit, keys that are null or there
   *   twice, another key than that of the patches that are there; PatchKeyAmbiguousError,
   *   PatchTooLargeError, NotTabularError, UnreadableTableError, and what reading a table throws
   */
  prepare(caller: Principal, file: PatchableFile, patch: RowPatch): Promise<PreparedPatch>;
  /** What a job of the kind `compact` has made of a patched file, if it is there. */
  plain(file: PatchableFile): Promise<PlainTable | null>;
}
