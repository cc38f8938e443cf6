import type { FileId } from '../../core/contracts/ids.js';

/** A file goes to a path; what was there before is replaced. */
export interface PutChange {
  op: 'put';
  path: string;
  fileId: FileId;
  /** What it is there; where absent, as the caller's own use of the file has it. */
  fileType?: string;
  fileName?: string;
  mimeType?: string;
  compressionType?: string;
  index?: number;
  metadata?: Record<string, unknown>;
}

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
