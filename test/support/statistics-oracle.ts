import { expect } from '@jest/globals';
import type {
  ColumnStatisticsDto,
  StatisticValue,
} from '../../src/tabular/statistics/dto/statistics-of-table.dto.js';
import type { TestDatabase } from './database.js';

/** As PostgreSQL writes it, in the form of an answer. */
function like(answer: unknown, text: string | null): unknown {
  if (text === null) return null;
  if (typeof answer === 'number') return Number(text);
  return /^\d{4,}-\d\d-\d\d /.test(text) ? text.replace(' ', 'T') : text;
}

const literal = (value: StatisticValue): string => `'${value}'`;

interface Asked {
  database: TestDatabase;
  column: ColumnStatisticsDto;
  /** The column in SQL. */
  c: string;
  table: string;
  /** FROM … WHERE of its values that are finite. */
  finite: string;
}

const UNBOUNDED: Record<string, (c: string) => string> = {
  float: (c) => `${c} IN ('NaN', 'Infinity', '-Infinity')`,
  date: (c) => `NOT isfinite(${c})`,
};

/** Everything exact about a column, as PostgreSQL works it out. */
export async function expectAsPostgres(
  database: TestDatabase,
  table: string,
  column: ColumnStatisticsDto,
): Promise<void> {
  const { name: c, kind } = column;
  const unbounded = UNBOUNDED[kind]?.(c) ?? 'false';
  const finite = `FROM ${table} WHERE ${c} IS NOT NULL AND NOT (${unbounded})`;
  const asked = { database, table, column, c, finite };
  await expectCounts(asked);
  if (kind === 'boolean') return expectBooleans(asked);
  await expectEnds(asked);
  await expectTop(asked);
  if (column.mean !== null) await expectMoments(asked);
  if (column.quantiles) await expectQuantiles(asked);
  if (column.histogram) await expectHistogram(asked);
  if (column.lengths) await expectLengths(asked);
}

/** What a kind of column must have when it has values; the rest it must not have. */
export const FIGURES: Record<string, readonly string[]> = {
  integer: ['mean', 'quantiles', 'histogram'],
  decimal: ['mean', 'quantiles', 'histogram'],
  float: ['mean', 'quantiles', 'histogram', 'nonFinite'],
  date: ['quantiles', 'histogram', 'nonFinite'],
  timestamp: ['quantiles', 'histogram', 'nonFinite'],
  time: ['quantiles', 'histogram'],
  string: ['lengths'],
  boolean: ['booleans'],
};

async function expectCounts({ database, table, column, c }: Asked): Promise<void> {
  const [counts] = await database.query<Record<string, number>>(
    `SELECT count(*) FILTER (WHERE ${c} IS NULL)::int AS nulls, count(DISTINCT ${c})::int AS distinct_values
     FROM ${table}`,
  );
  expect([c, column.nulls.count, column.distinct]).toEqual([
    c,
    counts?.['nulls'],
    { value: counts?.['distinct_values'], exactly: 'exact', method: 'count', error: 0 },
  ]);
}

async function expectBooleans({ database, table, column, c }: Asked): Promise<void> {
  const [both] = await database.query(
    `SELECT count(*) FILTER (WHERE ${c})::int AS true, count(*) FILTER (WHERE NOT ${c})::int AS false FROM ${table}`,
  );
  expect(column.booleans).toEqual(both);
}

const sorted = ({ kind, name }: ColumnStatisticsDto): string =>
  kind === 'string' ? `${name} COLLATE "C"` : name;

async function expectEnds({ database, column, c, finite }: Asked): Promise<void> {
  const [ends] = await database.query<Record<'min' | 'max', string | null>>(
    `SELECT min(${sorted(column)})::text AS min, max(${sorted(column)})::text AS max ${finite}`,
  );
  const { min, max } = column;
  expect([c, min, max]).toEqual([c, like(min, ends?.min ?? null), like(max, ends?.max ?? null)]);
}

async function expectMoments({ database, column, c, finite }: Asked): Promise<void> {
  const [moments] = await database.query<{ mean: number; std: number }>(
    `SELECT avg(${c}::numeric)::float8 AS mean, stddev_samp(${c}::numeric)::float8 AS std ${finite}`,
  );
  expect(Number(column.mean) / (moments?.mean ?? 0)).toBeCloseTo(1, 9);
  expect(Number(column.std) / (moments?.std ?? 0)).toBeCloseTo(1, 6);
}

async function expectLengths({ database, table, column, c }: Asked): Promise<void> {
  const [lengths] = await database.query(
    `SELECT 'characters' AS unit, min(char_length(${c})), max(char_length(${c})),
            avg(char_length(${c}))::float8 AS mean FROM ${table}`,
  );
  const mean = expect.closeTo(Number(lengths?.['mean']), 9);
  expect(column.lengths).toEqual({ ...lengths, mean });
}

async function expectTop({ database, table, column, c }: Asked): Promise<void> {
  const { topValues } = column;
  expect(topValues.exactly).toBe('exact');
  const top = await database.query<{ value: string; count: number }>(
    `SELECT ${c}::text AS value, count(*)::int AS count FROM ${table} WHERE ${c} IS NOT NULL
     GROUP BY ${c} ORDER BY count DESC, ${sorted(column)} LIMIT 10`,
  );
  expect(topValues.values).toEqual(
    top.map(({ value, count }, index) => ({
      value: like(topValues.values[index]?.value, value),
      truncated: false,
      count,
    })),
  );
}

async function expectQuantiles({ database, column, c, finite }: Asked): Promise<void> {
  const { quantiles, median } = column;
  if (!quantiles) return;
  const [x, way] = quantiles.method === 'interpolated' ? [`${c}::float8`, 'cont'] : [c, 'disc'];
  const list = quantiles.values.map(({ probability }) => probability).join(', ');
  const rows = await database.query<{ value: string }>(
    `SELECT unnest(percentile_${way}(ARRAY[${list}]) WITHIN GROUP (ORDER BY ${x}))::text AS value ${finite}`,
  );
  expect([quantiles.exactly, quantiles.error]).toEqual(['exact', 0]);
  expect(quantiles.values.map(({ value }) => value)).toEqual(
    quantiles.values.map(({ value }, index) => near(like(value, rows[index]?.value ?? null))),
  );
  expect(median).toBe(quantiles.values[3]?.value);
}

/** Interpolation rounds: a number to its twelfth digit, anything else as it is. */
const near = (value: unknown): unknown =>
  typeof value === 'number' && Math.abs(value) < 1e300
    ? expect.closeTo(value, 12 - Math.ceil(Math.log10(Math.abs(value) + 1)))
    : value;

async function expectHistogram({ database, column, c, finite }: Asked): Promise<void> {
  const { histogram, min, max } = column;
  const bins = histogram ?? [];
  const counts = bins.map(
    ({ from, to }, index) =>
      `count(*) FILTER (WHERE ${c} ${index === 0 ? '>=' : '>'} ${literal(from)} AND ${c} <= ${literal(to)})::int AS b${index}`,
  );
  const [row] = await database.query<Record<string, number>>(
    `SELECT ${counts.join(', ')} ${finite}`,
  );
  expect(bins.map(({ count }) => count)).toEqual(Object.values(row ?? {}));
  expect([bins[0]?.from, bins.at(-1)?.to, bins.length <= 20]).toEqual([min, max, true]);
}
