import type { Request } from 'express';
import { parse as parseRange } from 'range-parser';
import type { ByteRange } from '../../contracts/storage-backend.contract.js';
import { RangeNotSatisfiableError } from '../../errors/http.errors.js';

/** More would let one small request cause very many small reads. */
export const MAX_RANGES = 16;

/**
 * Whether a list of entity tags names this strong one. By weak comparison (RFC 9110 section
 * 8.8.3.2), which If-None-Match takes, a weak tag names it too; by strong, for If-Match, it does not.
 */
export function listsEtag(header: string, etag: string, comparison: 'weak' | 'strong'): boolean {
  if (header.trim() === '*') return true;
  return header
    .split(',')
    .map((tag) => tag.trim())
    .some((tag) => tag === etag || (comparison === 'weak' && tag === `W/${etag}`));
}

/**
 * The ranges to answer with, or `null` for the whole: no Range, one that can't be understood
 * (which RFC 9110 section 14.2 has ignored), or an If-Range that names other content. Overlapping
 * ranges come as asked.
 * @throws RangeNotSatisfiableError when no range holds a byte, or there are more than 16
 */
export function selectedRanges(request: Request, size: number, etag: string): ByteRange[] | null {
  const { range, 'if-range': ifRange } = request.headers;
  if (request.method !== 'GET' || range === undefined) return null;
  // A date never matches: content is told apart by its digest only.
  if (ifRange !== undefined && ifRange !== etag) return null;
  const { code, type, ranges } = parseRange(size, range);
  const isMalformed = (code & 1) !== 0 || type !== 'bytes';
  if (isMalformed) return null;
  if (ranges.length > MAX_RANGES) throw new RangeNotSatisfiableError(size);
  if (ranges.length > 0) return [...ranges];
  if (code === 0) return null;
  throw new RangeNotSatisfiableError(size);
}
