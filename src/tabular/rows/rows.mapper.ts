import { ValidationFailedError } from '../../core/errors/index.js';
import { decodeCursor, encodeCursor } from '../../core/http/cursor.js';
import type { RowsPage } from '../engine/child/tasks/rows.task.js';
import type { RowPlace } from '../filter/keyset.js';
import type { SourceFile } from '../sources/table-sources.service.js';
import type { RowsDto } from './dto/rows.dto.js';
import type { RowsQuery } from './dto/rows.query.js';

interface Where {
  datasetKey: string;
  ref: string;
}

/** Where a page ended, in the version that the first page was of. */
interface Place {
  version: string;
  after: RowPlace;
}

/** What a cursor is bound to: it goes on with the same rows, in pages of any size. */
const scopeOf = (query: RowsQuery, where: Where): object => {
  const { path, options, columns, where: filter, orderBy, q } = query;
  return { ...where, path, options, columns, filter, orderBy, q };
};

/** @throws CursorMismatchError, ValidationFailedError */
export function placeIn(
  query: RowsQuery,
  where: Where,
): { version?: string; after: RowPlace } | null {
  const { cursor, offset } = query;
  if (offset === undefined) return decodeCursor(cursor, 'rows', scopeOf(query, where), isPlace);
  const others = ['cursor', 'where', 'q', 'orderBy'].filter(
    (name) => query[name as keyof RowsQuery] !== undefined,
  );
  if (others.length > 0) {
    throw ValidationFailedError.of('offset', `can't be combined with ${others.join(', ')}`);
  }
  return offset === 0 ? null : { after: { keys: [], rowIndex: String(offset - 1) } };
}

export const cursorOf =
  (query: RowsQuery, where: Where, version: string) =>
  (after: RowPlace): string =>
    encodeCursor({ version, after } satisfies Place, 'rows', scopeOf(query, where));

export function toRowsDto(
  json: string,
  files: readonly SourceFile[],
  cursor: (place: RowPlace) => string,
): RowsDto {
  const { next, ...page } = JSON.parse(json) as RowsPage;
  return {
    columns: page.columns,
    items: page.items,
    nextCursor: next && cursor(next),
    rowCount: page.rowCount ?? estimateOf(page, files),
  };
}

/** From how long the rows of the page are in text, and the size of the files. */
function estimateOf(
  { items }: Omit<RowsPage, 'next'>,
  files: readonly SourceFile[],
): RowsDto['rowCount'] {
  const isPlain = files.every(({ compressionType }) => compressionType === null);
  if (!isPlain || items.length === 0) return null;
  const characters = items.reduce(
    (sum, { row }) =>
      sum + Object.values(row).reduce((length: number, value) => length + textLength(value) + 1, 0),
    0,
  );
  const bytes = files.reduce((sum, { size }) => sum + size, 0);
  return { value: Math.round((bytes * items.length) / characters), kind: 'estimated' };
}

const textLength = (value: unknown): number =>
  typeof value === 'string' ? value.length : value === null ? 0 : JSON.stringify(value).length;

const isPlace = (key: unknown): key is Place => {
  const { version, after } = (key ?? {}) as Partial<Place>;
  return (
    typeof version === 'string' &&
    Array.isArray(after?.keys) &&
    after.keys.every((one) => one === null || typeof one === 'string') &&
    /^\d{1,16}$/.test(after.rowIndex)
  );
};
