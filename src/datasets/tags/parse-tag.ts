import { ValidationFailedError } from '../../core/errors/index.js';

const MAX_LENGTH = 64;
const REFUSED = /[\p{Cc}\ufffd/\\,]/u;

/** Tags that a dataset may have. */
export const MAX_TAGS = 50;

/** One spelling for what people mean by one tag: Unicode NFKC, lower case, single spaces. */
const folded = (given: string): string =>
  given.normalize('NFKC').toLowerCase().replaceAll(/\s+/g, ' ');

/**
 * A tag as it is stored.
 * @throws ValidationFailedError at `pointer`
 */
export function parseTag(given: string, pointer: string): string {
  const tag = folded(given).trim();
  if (tag === '' || tag.length > MAX_LENGTH) {
    throw ValidationFailedError.of(pointer, `must have 1 to ${MAX_LENGTH} characters`);
  }
  if (!tag.isWellFormed() || REFUSED.test(tag)) {
    throw ValidationFailedError.of(pointer, 'must not hold / \\ , or control characters');
  }
  // In the path of a URL they name another resource (RFC 3986 section 5.2.4): the dataset itself.
  if (tag === '.' || tag === '..') throw ValidationFailedError.of(pointer, 'must not be . or ..');
  return tag;
}

/** @throws ValidationFailedError at `pointer` or below it */
export function parseTags(given: readonly string[], pointer = '/tags'): string[] {
  if (given.length > MAX_TAGS) {
    throw ValidationFailedError.of(pointer, `must be at most ${MAX_TAGS}`);
  }
  return [...new Set(given.map((tag, index) => parseTag(tag, `${pointer}/${index}`)))];
}

/** How tags begin: a space at its end is one between words. */
export const foldTagPrefix = (given: string): string => folded(given).trimStart();
