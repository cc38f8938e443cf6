import type {
  ColumnStatisticsDto,
  DistinctDto,
  HistogramBinDto,
  NonFiniteDto,
  QuantilesDto,
  TopValuesDto,
} from './dto/statistics-of-table.dto.js';
import { type Facts, HASH_PARTS, PROBABILITIES } from './first-pass.js';
import { float } from './scales.js';
import type { Moments, Shape } from './second-pass.js';
import { shownValue } from './shown-value.js';
import { SAMPLE, type Subject } from './subject.js';
import { TOP, type ValueCounts } from './value-counts.js';

/** All that was found out about a column. */
export interface Findings {
  rowCount: number;
  facts: Facts;
  shape: Shape | null;
  moments: Moments;
  nonFinite: NonFiniteDto | null;
  /** Of columns whose values were all counted. */
  counts: ValueCounts | null;
  /** Of the others. */
  candidates: ValueCounts['top'];
}

export function toColumnStatistics(subject: Subject, findings: Findings): ColumnStatisticsDto {
  const { column, kind } = subject;
  const { rowCount, facts, shape, moments, nonFinite } = findings;
  const nulls = rowCount - facts.present;
  const quantiles = shape && toQuantiles(shape, facts.placed);
  return {
    name: column.name,
    type: column.type,
    kind,
    nulls: { count: nulls, share: rowCount === 0 ? 0 : nulls / rowCount },
    distinct: toDistinct(subject, findings),
    ...toEnds(subject, findings),
    mean: moments.mean !== null ? float(moments.mean) : null,
    std: facts.placed > 1 && moments.std !== null ? float(moments.std) : null,
    median: quantiles?.values.find(({ probability }) => probability === 0.5)?.value ?? null,
    quantiles,
    histogram: shape && toHistogram(shape),
    topValues: toTopValues(subject, findings),
    lengths: facts.lengths,
    booleans: kind === 'boolean' ? { true: facts.trues, false: facts.present - facts.trues } : null,
    nonFinite,
  };
}

function toEnds(
  { kind }: Subject,
  { shape, facts }: Findings,
): Pick<ColumnStatisticsDto, 'min' | 'max'> {
  if (kind === 'string') return { min: facts.min, max: facts.max };
  if (!shape) return { min: null, max: null };
  const { scale, min, max } = shape;
  return { min: scale.render(min as never), max: scale.render(max as never) };
}

function toDistinct({ kind }: Subject, { facts, counts }: Findings): DistinctDto {
  if (kind === 'boolean') {
    const falses = facts.present - facts.trues;
    const value = Math.sign(facts.trues) + Math.sign(falses);
    return { value, exactly: 'exact', method: 'count', error: 0 };
  }
  if (counts) return { value: counts.distinct, exactly: 'exact', method: 'count', error: 0 };
  return {
    value: Math.min(facts.hashes * HASH_PARTS, facts.present),
    exactly: 'estimated',
    method: 'hash-sample',
    // The hashes of the part are a binomial sample: their deviation is the root of their number.
    error: 1.96 * Math.sqrt((1 - 1 / HASH_PARTS) / facts.hashes),
  };
}

function toQuantiles({ scale, upTo, quantiles }: Shape, placed: number): QuantilesDto {
  const { method, values } = quantiles;
  const isEstimated = method === 't-digest';
  let error = 0;
  const rendered = values.map((value, index) => {
    const probability = PROBABILITIES[index] as number;
    if (isEstimated) {
      const below = upTo(scale.before(value as never)) / placed;
      error = Math.max(error, below - probability, probability - upTo(value) / placed);
    }
    const shown = method === 'interpolated' ? float(value as number) : scale.render(value as never);
    return { probability, value: shown };
  });
  return { exactly: isEstimated ? 'estimated' : 'exact', method, error, values: rendered };
}

function toHistogram({ scale, min, edges, upTo }: Shape): HistogramBinDto[] {
  return edges.map((edge, index) => {
    const from = index === 0 ? min : (edges[index - 1] as typeof edge);
    const before = index === 0 ? 0 : upTo(from);
    return {
      from: scale.render(from as never),
      to: scale.render(edge as never),
      count: upTo(edge) - before,
    };
  });
}

/** Of a sample this many rows of a value are enough that it is not overlooked, once in a million times. */
const ENOUGH = 25;
/** What the list of watched values can tell apart, whatever the sample. */
const RESOLUTION = 0.005;

function toTopValues(subject: Subject, findings: Findings): TopValuesDto {
  const { facts, counts, candidates, rowCount } = findings;
  if (subject.kind === 'boolean') return booleanValues(facts);
  if (counts) {
    const values = counts.top.map(({ text, count }) => ({ ...shownValue(subject, text), count }));
    return { exactly: 'exact', method: 'count', error: 0, values };
  }
  const values = candidates
    .filter(({ count }) => count > 1)
    .sort((a, b) => b.count - a.count || (a.text < b.text ? -1 : 1))
    .slice(0, TOP)
    .map(({ text, count }) => ({ ...shownValue(subject, text), count }));
  const error = Math.max(RESOLUTION, ENOUGH / (rowCount * SAMPLE));
  return { exactly: 'estimated', method: 'sample', error, values };
}

function booleanValues({ present, trues }: Facts): TopValuesDto {
  const values = [
    { value: false, truncated: false, count: present - trues },
    { value: true, truncated: false, count: trues },
  ];
  return {
    exactly: 'exact',
    method: 'count',
    error: 0,
    values: values.filter(({ count }) => count > 0).sort((a, b) => b.count - a.count),
  };
}
