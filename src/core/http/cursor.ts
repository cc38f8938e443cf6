import { createHash } from 'node:crypto';
import canonicalize from 'canonicalize';
import { CursorMismatchError } from '../errors/http.errors.js';

/** A page of a list. `nextCursor` is `null` on the last page. */
export interface Page<T> {
  items: T[];
  nextCursor: string | null;
}

/**
 * Opaque keyset cursors: where the last page ended, bound to the list and its filters, so that a
 * cursor can't be carried to another list and skip rows there. The checksum tells damage, not intent:
 * a cursor gives access to nothing that the list does not.
 */
export function encodeCursor(key: unknown, list: string, filters: object): string {
  return Buffer.from(JSON.stringify([checksumOf(key, list, filters), key])).toString('base64url');
}

/** @throws CursorMismatchError when it is damaged or of another list */
export function decodeCursor<K>(
  cursor: string | undefined,
  list: string,
  filters: object,
  isKey: (key: unknown) => key is K,
): K | null {
  if (cursor === undefined) return null;
  try {
    const [, key] = JSON.parse(Buffer.from(cursor, 'base64url').toString()) as unknown[];
    if (isKey(key) && encodeCursor(key, list, filters) === cursor) return key;
  } catch {
    // Not JSON: told below like any other damage.
  }
  throw new CursorMismatchError();
}

/** Cuts a page of `limit` from one row more than that, which only tells whether there is more. */
export function pageOf<T>(rows: T[], limit: number, cursorOf: (last: T) => string): Page<T> {
  const items = rows.slice(0, limit);
  const last = items.at(-1);
  return { items, nextCursor: rows.length > limit && last ? cursorOf(last) : null };
}

const checksumOf = (key: unknown, list: string, filters: object): string =>
  createHash('sha256')
    .update(canonicalize([key, list, filters]) ?? '')
    .digest('base64url')
    .slice(0, 12);
