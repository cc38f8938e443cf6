import { createHash } from 'node:crypto';

/** One more than the largest key. */
export const KEYS = 2n ** 64n;

/** What chance is used for: one seed gives other numbers for each. */
export type Purpose = 'rows' | 'clusters' | 'draws' | 'start';

/** 64 bits that a seed and a purpose decide. */
export function saltOf(seed: number, purpose: Purpose): bigint {
  return createHash('sha256').update(`${purpose}:${seed}`).digest().readBigUInt64BE(0);
}

/** A whole number below `limit` (below 2^53), each as probable as any other but for 2^-11. */
export const below = (salt: bigint, limit: number): number => Number((salt * BigInt(limit)) / KEYS);

/**
 * The random number of a row: 64 bits, UBIGINT, that the salt and the row's place decide and nothing else, so
 * that it is the same whichever thread computes it. Different places have different ones.
 *
 * DuckDB's `hash(place, salt)` would not do: it joins the hashes of both by XOR, so that rows are chosen
 * together under each seed or under none. Here a second round separates them; tests hold inclusion and
 * joint inclusion of rows against theory.
 */
export const keySql = (place: string, salt: bigint): string =>
  `hash(xor(hash(CAST(${place} AS BIGINT)), ${salt}::UBIGINT))`;

/** The same as a number strictly between 0 and 1, of 52 bits. */
export const unitSql = (place: string, salt: bigint): string =>
  `((CAST(${keySql(place, salt)} >> 12 AS DOUBLE) + 0.5) / ${2 ** 52})`;

/** The same as a whole number below `limit`, a BIGINT: the upper half of a product of 128 bits. */
export const belowSql = (place: string, salt: bigint, limit: string): string =>
  `CAST((CAST(${keySql(place, salt)} AS UHUGEINT) * CAST(${limit} AS UHUGEINT)) >> 64 AS BIGINT)`;
