import type { AggregateQuery } from './aggregate-query.js';
import type { LengthsDto } from './dto/statistics-of-table.dto.js';
import type { Subject } from './subject.js';

export const PROBABILITIES = [0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99];

/** One part of so many of the hashes is kept for estimating how many values there are. A power of two. */
export const HASH_PARTS = 32;

/** Frequent values are sought among so many of the sample, and the first of them are counted. */
const WATCHED = 300;
const CANDIDATES = 30;

/** Characters of a text that are shown. */
export const SHOWN = 1_000;

/** What one scan tells about a column. */
export interface Facts {
  /** Rows where it is not null. */
  present: number;
  trues: number;
  /** Different hashes in one of `HASH_PARTS`. */
  hashes: number;
  /** Hashes of values that may be frequent. */
  candidates: string[];
  /** Values that have a place. */
  placed: number;
  min: string | null;
  max: string | null;
  /** By `PROBABILITIES`. */
  digest: number[];
  lengths: LengthsDto | null;
}

const NOTHING: Facts = {
  present: 0,
  trues: 0,
  hashes: 0,
  candidates: [],
  placed: 0,
  min: null,
  max: null,
  digest: [],
  lengths: null,
};

/**
 * Asks for the facts of a column; the answer is read after the query has run.
 * @param isSmall what a sample is needed for is counted later instead
 */
export function askFacts(query: AggregateQuery, subject: Subject, isSmall: boolean): () => Facts {
  const { cell, hash, kind } = subject;
  const present = query.count(`count(${cell})`);
  if (kind === 'boolean') {
    const trues = query.count(`count_if(${cell})`);
    return () => ({ ...NOTHING, present: present(), trues: trues() });
  }
  const hashes = isSmall ? () => 0 : askHashes(query, hash);
  const candidates = isSmall ? () => [] : askFrequent(query, hash);
  const rest = subject.scale ? askPlaces(query, subject, isSmall) : askTexts(query, subject);
  return () => ({
    ...NOTHING,
    present: present(),
    hashes: hashes(),
    candidates: candidates(),
    ...rest(),
  });
}

const askHashes = (query: AggregateQuery, hash: string): (() => number) =>
  query.count(`count(DISTINCT ${hash}) FILTER (WHERE ${hash} & ${HASH_PARTS - 1} = 0)`);

const askFrequent = (query: AggregateQuery, hash: string): (() => string[]) =>
  query.json<string[]>(
    `CAST((approx_top_k(${hash}, ${WATCHED}) FILTER (WHERE sampled AND ${hash} IS NOT NULL))[1:${CANDIDATES}] AS VARCHAR[])`,
    [],
  );

function askPlaces(
  query: AggregateQuery,
  { place }: Subject,
  isSmall: boolean,
): () => Partial<Facts> {
  const placed = query.count(`count(${place})`);
  const min = query.text(`min(${place})`);
  const max = query.text(`max(${place})`);
  // As doubles: a digest of integers may end beyond the greatest of them, and fails.
  const digest = isSmall
    ? () => []
    : query.json<number[]>(
        `approx_quantile(CAST(${place} AS DOUBLE), [${PROBABILITIES.join(', ')}])`,
        [],
      );
  return () => ({
    placed: placed(),
    min: min(),
    max: max(),
    digest: digest(),
  });
}

function askTexts(query: AggregateQuery, { cell, kind, column }: Subject): () => Partial<Facts> {
  // An enum is ordered by its definition, and JSON is text under another name.
  const text = `CAST(${cell} AS VARCHAR)`;
  const isText = kind === 'string';
  const min = isText ? query.text(`left(min(${text}), ${SHOWN})`) : () => null;
  const max = isText ? query.text(`left(max(${text}), ${SHOWN})`) : () => null;
  const lengths = askLengths(query, lengthOf(column.type, kind, cell));
  return () => ({ min: min(), max: max(), lengths: lengths() });
}

type Length = [sql: string, unit: LengthsDto['unit']];

function lengthOf(type: string, kind: Subject['kind'], cell: string): Length | null {
  if (kind === 'string') return [`length(CAST(${cell} AS VARCHAR))`, 'characters'];
  if (kind === 'binary') return [`octet_length(${cell})`, 'bytes'];
  if (kind === 'list') return [`len(${cell})`, 'items'];
  return type.startsWith('MAP(') ? [`cardinality(${cell})`, 'items'] : null;
}

function askLengths(query: AggregateQuery, length: Length | null): () => LengthsDto | null {
  if (!length) return () => null;
  const [sql, unit] = length;
  const [min, max, mean] = ['min', 'max', 'avg'].map((name) => query.number(`${name}(${sql})`));
  return () => {
    const figures = [min?.(), max?.(), mean?.()];
    const [least, most, average] = figures;
    if (typeof least !== 'number' || typeof most !== 'number' || typeof average !== 'number')
      return null;
    return { unit, min: least, max: most, mean: average };
  };
}
