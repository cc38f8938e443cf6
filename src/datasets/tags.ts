import { ValidationFailedError } from '../core/errors/index.js';

const MAX_LENGTH = 64;
const MAX_TAGS = 50;
const REFUSED = /[\p{Cc}\ufffd/\\,]/u;

/**
 * One spelling for what people mean by one tag: Unicode NFKC, lower case, single spaces.
 * @throws ValidationFailedError at `pointer`
 */
export function parseTag(given: string, pointer: string): string {
  const tag = given.normalize('NFKC').toLowerCase().trim().replaceAll(/\s+/g, ' ');
  if (tag === '' || tag.length > MAX_LENGTH) {
    throw ValidationFailedError.of(pointer, `must have 1 to ${MAX_LENGTH} characters`);
  }
  if (!tag.isWellFormed() || REFUSED.test(tag)) {
    throw ValidationFailedError.of(pointer, 'must not hold / \\ , or control characters');
  }
  return tag;
}

export function parseTags(given: readonly string[]): string[] {
  if (given.length > MAX_TAGS) {
    throw ValidationFailedError.of('/tags', `must be at most ${MAX_TAGS}`);
  }
  return [...new Set(given.map((tag, index) => parseTag(tag, `/tags/${index}`)))];
}
