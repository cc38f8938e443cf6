import { randomBytes } from 'node:crypto';

/**
 * Objects of the collector's own, under this prefix: no row and no intent names them, so checks of the
 * store pass them over. There is one, or a few for a moment.
 *
 *     gc/marks/000000000042-9f86d081884c7d65
 */
export const GC_MARKS_PREFIX = 'gc/marks/';

/** How far a database had got when it was written: its number, and a token to tell it from a copy's. */
export interface Mark {
  number: number;
  token: string;
}

const MARK = /^(\d{1,15})-([0-9a-f]{16})$/;

export const newToken = (): string => randomBytes(8).toString('hex');

export const pathOf = ({ number, token }: Mark): string =>
  `${GC_MARKS_PREFIX}${String(number).padStart(12, '0')}-${token}`;

/** `null`: no mark. */
export function markOf(path: string): Mark | null {
  const [, number, token] = MARK.exec(path.slice(GC_MARKS_PREFIX.length)) ?? [];
  if (!path.startsWith(GC_MARKS_PREFIX) || !number || !token) return null;
  return { number: Number(number), token };
}
