import type { AggregateQuery } from './aggregate-query.js';
import { type Facts, PROBABILITIES } from './first-pass.js';
import type { NonFiniteDto, QuantilesDto } from './dto/statistics-of-table.dto.js';
import type { Scale } from './scales.js';
import { shownText } from './shown-value.js';
import type { Subject } from './subject.js';

/** What a scan tells about a column, once it is known from where to where its values go. */
export interface Shape<T extends bigint | number = bigint | number> {
  scale: Scale<T>;
  min: T;
  max: T;
  /** Upper ends of the bins. */
  edges: T[];
  /** Values up to and including a place that was asked for. */
  upTo: (place: T) => number;
  quantiles: { method: QuantilesDto['method']; values: (T | number)[] };
}

/** @param isSmall everything is worked out exactly */
export function askShape<T extends bigint | number>(
  query: AggregateQuery,
  { place }: Subject,
  scale: Scale<T>,
  facts: Facts,
  isSmall: boolean,
): () => Shape<T> | null {
  if (facts.min === null || facts.max === null) return () => null;
  const [min, max] = [scale.parse(facts.min), scale.parse(facts.max)];
  const edges = scale.edges(min, max);
  const clamped = (value: T): T => (value < min ? min : value > max ? max : value);
  const estimates = isSmall ? [] : facts.digest.map((value) => clamped(scale.nearest(value)));
  // The rank of an estimate lies between the share of the values below it and of those up to it.
  const places = [...edges, ...estimates, ...estimates.map((value) => scale.before(value))];
  const ends = ascending(places.filter((end) => end >= min));
  const counts = query.json<number[]>(`map_values(histogram(${place}, ${scale.list(ends)}))`, []);
  const exact = isSmall ? askQuantiles(query, place, scale, min, max) : null;
  return () => {
    const upTo = cumulated(ends, counts());
    const quantiles = exact?.() ?? { method: 't-digest' as const, values: estimates };
    return { scale, min, max, edges, upTo, quantiles };
  };
}

const ascending = <T extends bigint | number>(places: readonly T[]): T[] =>
  [...new Set(places)].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));

function cumulated<T>(ends: readonly T[], counts: readonly number[]): (end: T) => number {
  const sums = new Map<T, number>();
  let sum = 0;
  ends.forEach((end, index) => {
    sum += Number(counts[index] ?? 0);
    sums.set(end, sum);
  });
  return (end) => sums.get(end) ?? 0;
}

const SAFE = 2 ** 53;

function askQuantiles<T extends bigint | number>(
  query: AggregateQuery,
  place: string,
  scale: Scale<T>,
  min: T,
  max: T,
): () => Shape<T>['quantiles'] {
  const list = `[${PROBABILITIES.join(', ')}]`;
  const isNumber = typeof scale.render(min) === 'number' && typeof scale.render(max) === 'number';
  const isSafe = typeof min === 'number' || (min >= -SAFE && max <= SAFE);
  if (isNumber && isSafe) {
    const values = query.json<number[]>(`quantile_cont(CAST(${place} AS DOUBLE), ${list})`, []);
    return () => ({ method: 'interpolated', values: values() });
  }
  const values = query.json<string[]>(`CAST(quantile_disc(${place}, ${list}) AS VARCHAR[])`, []);
  return () => ({ method: 'discrete', values: values().map((value) => scale.parse(value)) });
}

export interface Moments {
  mean: number | null;
  std: number | null;
}

type AskMoments = (query: AggregateQuery, subject: Subject, facts: Facts) => () => Moments;

/** Sums of wider types overflow; in double precision nothing does. */
const EXACT_SUMS = /^U?(?:TINYINT|SMALLINT|INTEGER|BIGINT)$/;

/**
 * Mean and deviation of integers and decimals. Of values far from 0 the deviation is taken from the least of
 * them: as doubles, those about 2^63 would differ by 1,024 or not at all. Of one sign, they can be subtracted.
 */
const askWholeMoments: AskMoments = (query, { place, column }, { min, max }) => {
  const mean = query.number(
    `avg(${EXACT_SUMS.test(column.type) ? place : `CAST(${place} AS DOUBLE)`})`,
  );
  const isOneSign = Number(min) >= 0 || Number(max) < 0;
  const isFar = Math.max(Math.abs(Number(min)), Math.abs(Number(max))) >= FAR;
  const least = `CAST('${min}' AS ${column.type})`;
  const offset = min !== null && isFar && isOneSign ? `${place} - ${least}` : place;
  const std = query.number(`stddev_samp(CAST(${offset} AS DOUBLE))`);
  return () => ({ mean: mean(), std: std() });
};

const FAR = 1e6;

/** Beyond these a square is no double any more. */
const [HUGE, TINY] = [1e150, 1e-150];
const FACTOR = 2 ** 1000;

/**
 * Mean and deviation of floats: their sums overflow, and DuckDB then fails or answers infinity. So what is
 * very large or very small is brought near to 1 first, by a power of two, which costs no digit.
 */
const askFloatMoments: AskMoments = (query, { place }, { min, max }) => {
  const most = Math.max(Math.abs(Number(min)), Math.abs(Number(max)));
  const factor = most > HUGE ? 1 / FACTOR : most < TINY ? FACTOR : 1;
  const scaled = factor === 1 ? place : `${place} * CAST('${factor}' AS DOUBLE)`;
  const mean = query.number(`favg(${scaled})`);
  const std = query.number(`stddev_samp(${scaled})`);
  const back = (value: number | null): number | null => (value === null ? null : value / factor);
  return () => ({ mean: back(mean()), std: back(std()) });
};

/** `null` for what has none. */
export function askMoments(query: AggregateQuery, subject: Subject, facts: Facts): () => Moments {
  if (subject.kind === 'float') return askFloatMoments(query, subject, facts);
  if (subject.kind === 'integer' || subject.kind === 'decimal')
    return askWholeMoments(query, subject, facts);
  return () => ({ mean: null, std: null });
}

export function askNonFinite(query: AggregateQuery, { cell, kind }: Subject): () => NonFiniteDto {
  const zero = kind === 'float' ? '0' : `'1970-01-01'`;
  const nan = kind === 'float' ? query.count(`count_if(isnan(${cell}))`) : () => 0;
  const positive = query.count(`count_if(isinf(${cell}) AND ${cell} > ${zero})`);
  const negative = query.count(`count_if(isinf(${cell}) AND ${cell} < ${zero})`);
  return () => ({
    nan: nan(),
    positiveInfinity: positive(),
    negativeInfinity: negative(),
  });
}

/** Counts the candidates, all rows of them, by their hashes. */
export function askCandidates(
  query: AggregateQuery,
  subject: Subject,
  candidates: readonly string[],
): () => { text: string; count: number }[] {
  if (candidates.length === 0) return () => [];
  const { hash } = subject;
  // With its hash before it a text is itself even where it is cut.
  const counts = query.json<Record<string, number>>(
    `histogram(CASE WHEN ${hash} IN (${candidates.join(', ')})
       THEN concat(${hash}, ':', ${shownText(subject)}) END)`,
    {},
  );
  return () =>
    Object.entries(counts()).map(([key, count]) => ({
      text: key.slice(key.indexOf(':') + 1),
      count: Number(count),
    }));
}
