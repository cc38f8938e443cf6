import type { ColumnKind, StatisticValue } from './dto/statistics-of-table.dto.js';
import { formatDate, formatTime, formatTimestamp } from '../values/temporal.js';

/** Bins of a histogram, at most. */
export const BINS = 20;

/**
 * The line on which the values of a type lie, so that numbers, decimals, dates and times are measured by
 * the same code. Whole steps are `bigint`, so that nothing is lost at 2^63 or in 38 digits; only floats are `number`.
 */
export interface Scale<T extends bigint | number> {
  /** The place of `x` on the line; NULL for what has none: NULL, NaN, infinity. */
  sql(x: string): string;
  /** A list of places, to be compared with those of `sql`. */
  list(places: readonly T[]): string;
  /** From the text that SQL gives for a place. */
  parse(text: string): T;
  /** The place that is nearest to one that was worked out in double precision. */
  nearest(place: number): T;
  /** The greatest place below. */
  before(place: T): T;
  /** The upper ends of the bins of a histogram, ascending; the last is `max`. */
  edges(min: T, max: T): T[];
  /** As it is shown. */
  render(place: T): StatisticValue;
}

export type AnyScale = Scale<bigint> | Scale<number>;

const isSafe = (value: bigint): boolean =>
  value >= BigInt(Number.MIN_SAFE_INTEGER) && value <= BigInt(Number.MAX_SAFE_INTEGER);

const integer = (value: bigint): StatisticValue =>
  isSafe(value) ? Number(value) : value.toString();

/** A number in JSON, where it can be one. */
export const float = (value: number): StatisticValue =>
  Number.isFinite(value) ? value : String(value);

function wholeEdges(min: bigint, max: bigint): bigint[] {
  const bins = BigInt(BINS);
  const steps = max - min + 1n;
  const width = (steps + bins - 1n) / bins;
  const edges: bigint[] = [];
  for (let edge = min + width - 1n; edge < max; edge += width) edges.push(edge);
  return [...edges, max];
}

const WHOLE = {
  parse: (text: string) => BigInt(text),
  nearest: (place: number) => BigInt(Math.round(place)),
  before: (place: bigint) => place - 1n,
  edges: wholeEdges,
  list: (places: readonly bigint[]) => `CAST([${places.join(', ')}] AS BIGINT[])`,
};

const quoted = (texts: readonly string[]): string => texts.map((text) => `'${text}'`).join(', ');

const integers = (type: string): Scale<bigint> => ({
  ...WHOLE,
  sql: (x) => x,
  list: (places) => `CAST([${quoted(places.map(String))}] AS ${type}[])`,
  render: integer,
});

/** Steps of one unit in the last of `digits` decimals. */
function decimals(type: string): Scale<bigint> {
  const digits = Number(/,\s*(\d+)\)$/.exec(type)?.[1] ?? 0);
  const text = (place: bigint): string => {
    const all = (place < 0n ? -place : place).toString().padStart(digits + 1, '0');
    const [whole, rest] = [all.slice(0, all.length - digits), all.slice(all.length - digits)];
    return `${place < 0n ? '-' : ''}${whole}${digits > 0 ? `.${rest}` : ''}`;
  };
  return {
    ...WHOLE,
    sql: (x) => x,
    list: (places) => `CAST([${quoted(places.map(text))}] AS ${type}[])`,
    parse: (given) => BigInt(given.replace('.', '')),
    nearest: (place) => BigInt(Math.round(place * 10 ** digits)),
    render: (place) => decimal(text(place)),
  };
}

/** A decimal is a number in JSON as long as a double gives its digits back. */
export function decimal(text: string): StatisticValue {
  const digits = text.replace(/^-?[0.]*|\./g, '').length;
  return digits <= 15 ? Number(text) : text;
}

const times = (
  sql: (x: string) => string,
  render: (place: bigint) => StatisticValue,
): Scale<bigint> => ({ ...WHOLE, sql, render });

const finite = (x: string, place: string): string => `CASE WHEN isfinite(${x}) THEN ${place} END`;

const DOUBLES: Scale<number> = {
  sql: (x) => finite(x, `CAST(${x} AS DOUBLE)`),
  // 1e400 would be no number: only what is finite comes here.
  list: (places) => `CAST([${quoted(places.map(String))}] AS DOUBLE[])`,
  parse: Number,
  nearest: (place) => place,
  before: floatBefore,
  edges: (min, max) => {
    // Not min + width: the width may be more than the greatest double.
    const edges = Array.from({ length: BINS - 1 }, (_, index) => {
      const share = (index + 1) / BINS;
      return min * (1 - share) + max * share;
    });
    const inside = edges.filter(
      (edge, index) => edge > min && edge < max && edge !== edges[index - 1],
    );
    return [...inside, max];
  },
  render: float,
};

function floatBefore(place: number): number {
  if (place === 0) return -Number.MIN_VALUE;
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, place);
  view.setBigInt64(0, view.getBigInt64(0) + (place > 0 ? -1n : 1n));
  return view.getFloat64(0);
}

/** What seconds and milliseconds can hold and microseconds can't has no place on the line. */
const coarse = (type: string): Scale<bigint> =>
  times(
    (x) => {
      const [least, most] = ['290000-01-01 (BC) 00:00:00', '294000-01-01 00:00:00'];
      return `CASE WHEN ${x} BETWEEN CAST('${least}' AS ${type}) AND CAST('${most}' AS ${type}) THEN epoch_us(${x}) END`;
    },
    (place) => formatTimestamp(place, 6),
  );

const TIMES: Readonly<Record<string, Scale<bigint>>> = {
  DATE: times((x) => finite(x, `${x} - DATE '1970-01-01'`), formatDate),
  TIMESTAMP: times(
    (x) => finite(x, `epoch_us(${x})`),
    (place) => formatTimestamp(place, 6),
  ),
  TIMESTAMP_S: coarse('TIMESTAMP_S'),
  TIMESTAMP_MS: coarse('TIMESTAMP_MS'),
  TIMESTAMP_NS: times(
    (x) => finite(x, `epoch_ns(${x})`),
    (place) => formatTimestamp(place, 9),
  ),
  'TIMESTAMP WITH TIME ZONE': times(
    (x) => finite(x, `epoch_us(${x})`),
    (place) => `${formatTimestamp(place, 6)}Z`,
  ),
  TIME: times(
    (x) => `epoch_us(${x})`,
    (place) => formatTime(place, 6),
  ),
  TIME_NS: times(
    (x) => `epoch_ns(${x})`,
    (place) => formatTime(place, 9),
  ),
};

/** The line of a type, or `null` when its values lie on none. */
export function scaleOf(kind: ColumnKind, type: string): AnyScale | null {
  if (kind === 'integer') return integers(type);
  if (kind === 'decimal') return decimals(type);
  if (kind === 'float') return DOUBLES;
  return TIMES[type] ?? null;
}
