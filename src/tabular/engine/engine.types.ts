import type { AppError } from '../../core/errors/index.js';
import type { LocalContent } from '../../core/contracts/dataset-reader.contract.js';
import type { EngineTasks } from './child/tasks.js';

export type { EngineTasks };
export type TaskName = keyof EngineTasks;

/** A content that a session works on; where it lies in the session's folder is its place in the list. */
export type SessionContent = Omit<LocalContent, 'path'>;

/** What the parent tells a child, one at a time; each is answered by one `Reply`. */
export type Request =
  /** A fresh DuckDB in this folder, a name in the child's own. */
  | { type: 'begin'; folder: string; contents: SessionContent[]; limits: SessionLimits }
  | { type: 'call'; task: TaskName; input: unknown }
  /** Whatever the session has goes. */
  | { type: 'end' };

export interface SessionLimits {
  /** Of DuckDB's own buffers, in bytes; the process as a whole is watched by its parent. */
  memoryBytes: number;
  threads: number;
  /** Temporary files, in bytes. */
  tempBytes: number;
}

/** A failure on its way from a child: what `AppError` has, and the name of its class. */
export type Failure = Pick<
  AppError,
  'name' | 'message' | 'kind' | 'code' | 'title' | 'extensions' | 'errors'
>;

/** What a child answers; the first comes by itself, when it can begin. */
export type Reply = { output: unknown } | { failure: Failure };

/** How children are kept from everything but their work. */
export interface Sandbox {
  /** What stands before `node …`: `unshare -n --`. */
  launcher: string[];
  /** Whom the child becomes once it has loaded its code; `null`: it stays who we are. */
  account: { uid: number; gid: number } | null;
}

/** What a session calls its file with the rows of a table. */
export const STAGED_FILE = 'staged.parquet';
/** Of what patches come to. */
export const PLACES_FILE = 'places.parquet';
/** Of a patch. */
export const PATCH_FILE = 'patch.parquet';
/** What a session calls its file with an export. */
export const EXPORTED_FILE = 'export';
