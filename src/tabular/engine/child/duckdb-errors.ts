import { AppError } from '../../../core/errors/index.js';
import {
  EngineDiskError,
  EngineMemoryError,
  SqlFailedError,
  UnreadableTableError,
} from '../../tabular.errors.js';
import type { TablePart } from './tables.js';

const MAX_DETAIL = 1000;

/** What DuckDB says of a limit, as a failure; else `null`. */
function toLimitError(message: string): AppError | null {
  if (message.startsWith('Out of Memory Error')) {
    if (message.includes('max_temp_directory_size')) {
      return new EngineDiskError('It needs more temporary disk space than one request may have.');
    }
    return new EngineMemoryError('It needs more memory than one request may have.');
  }
  return null;
}

/** What went wrong with statements of ours: the content is to blame, or a limit. */
export function toTableError(error: unknown, parts: readonly TablePart[]): Error {
  if (error instanceof AppError) return error;
  const message = messageOf(error);
  const line = /CSV Error on Line: (\d+)/.exec(message)?.[1];
  return (
    toLimitError(message) ??
    new UnreadableTableError(
      withoutPaths(message, parts),
      line === undefined ? {} : { line: Number(line) },
      error,
    )
  );
}

/** What went wrong with a statement of a user's. */
export function toSqlError(error: unknown, parts: readonly TablePart[]): Error {
  if (error instanceof AppError) return error;
  const message = messageOf(error);
  return (
    toLimitError(message) ?? new SqlFailedError(withoutPaths(message, parts), { cause: error })
  );
}

/** Of what a statement of a user's fails with: what a reader may know how to mend is left to it. */
export const isOfTable = (error: unknown): boolean =>
  error instanceof Error && /CSV Error|JSON|Malformed/.test(error.message);

const messageOf = (error: unknown): string =>
  error instanceof Error ? error.message : String(error);

/** Of the part that a content of the session belongs to. */
const pathOf = (content: number, parts: readonly TablePart[]): string =>
  parts.find((part) => part.content === content)?.path ?? 'the file';

/** Files of a session are named by their place: users know them by their paths. */
function withoutPaths(message: string, parts: readonly TablePart[]): string {
  return message
    .replaceAll(/\bs\d+\/(?:work\/)?(\d+)\b(?!\/)/g, (_, place: string) =>
      pathOf(Number(place), parts),
    )
    .replaceAll(/\bs\d+\/work\/\S+?(?=["'\s,]|$)/g, 'the file')
    .slice(0, MAX_DETAIL);
}
