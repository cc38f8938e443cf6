import { quoteIdentifier, type ColumnStatistics } from '../../../tabular/index.js';
import type { Association, Correlations } from '../profile.types.js';
import { count, figure, pairsOf, type Cells, type MeasuredTable } from './measured-table.js';

/** Columns of a kind that are looked at: 276 pairs. */
const MAX_COLUMNS = 24;
/** Up to so many rows are looked at; of more, about so many. */
const SAMPLE_ROWS = 50_000;
/** Categories that a column may have. */
const MAX_CATEGORIES = 50;
/** Beyond it squares are no doubles. */
const HUGE = 1e100;
/** Statements that are carried out as one. */
const AT_ONCE = 16;
const SAMPLE = 'profile_sample';
const RANKS = 'profile_ranks';

const NUMBERS = new Set(['integer', 'float', 'decimal']);

const isNumeric = ({ kind, min, max }: ColumnStatistics): boolean =>
  NUMBERS.has(kind) &&
  min !== null &&
  min !== max &&
  Math.max(Math.abs(Number(min)), Math.abs(Number(max))) < HUGE;

const isCategorical = ({ kind, distinct }: ColumnStatistics): boolean =>
  (kind === 'string' || kind === 'boolean') &&
  distinct.value >= 2 &&
  distinct.value <= MAX_CATEGORIES;

/** A column of the sample: its own name, and the one it has there. */
interface Sampled {
  name: string;
  as: string;
  nulls: number;
}

/**
 * How columns go together, on all rows or on those whose places hash into one part of so many: the same
 * rows each time, whichever thread reads them. A pair is of the rows that have both.
 */
export async function measureCorrelations(
  table: MeasuredTable,
  columns: readonly ColumnStatistics[],
): Promise<Correlations> {
  const numeric = columns.filter(isNumeric);
  const categorical = columns.filter(isCategorical);
  const numbers = sampled(numeric, 'n');
  const categories = sampled(categorical, 'k');
  const basis = await takeSample(table, numbers, categories);
  return {
    basis,
    pearson: await pearson(table, numbers, numeric.length),
    spearman: await spearman(table, numbers, numeric.length),
    cramersV: await cramersV(table, categories, categorical.length),
  };
}

const sampled = (columns: readonly ColumnStatistics[], prefix: string): Sampled[] =>
  columns.slice(0, MAX_COLUMNS).map(({ name, nulls, nonFinite }, place) => ({
    name,
    as: `${prefix}${place}`,
    nulls:
      nulls.count +
      (nonFinite ? nonFinite.nan + nonFinite.positiveInfinity + nonFinite.negativeInfinity : 0),
  }));

async function takeSample(
  { bench, name, numbered, fileIndex, rowIndex, rowCount }: MeasuredTable,
  numbers: readonly Sampled[],
  categories: readonly Sampled[],
): Promise<Correlations['basis']> {
  const cells = [
    '0 AS z',
    ...numbers.map(({ name: column, as }) => {
      const number = `CAST(${quoteIdentifier(column)} AS DOUBLE)`;
      return `CASE WHEN isfinite(${number}) THEN ${number} END AS ${as}`;
    }),
    ...categories.map(
      ({ name: column, as }) => `CAST(${quoteIdentifier(column)} AS VARCHAR) AS ${as}`,
    ),
  ].join(', ');
  const parts = Math.ceil(rowCount / SAMPLE_ROWS);
  const from =
    parts > 1
      ? `${numbered} WHERE hash(CAST(${fileIndex} AS BIGINT), ${rowIndex}) % ${parts} = 0`
      : name;
  await bench.run(`CREATE OR REPLACE TEMP TABLE ${SAMPLE} AS SELECT ${cells} FROM ${from}`);
  const [[rows] = []] = await bench.rows(`SELECT count(*) FROM ${SAMPLE}`);
  return parts > 1
    ? { exactly: 'estimated', method: 'hash-sample', rows: count(rows) }
    : { exactly: 'exact', method: 'all-rows', rows: count(rows) };
}

const association = (
  columns: readonly Sampled[],
  fitting: number,
  pairs: Association['pairs'],
): Association => ({
  columns: columns.map(({ name }) => name),
  leftOut: fitting - columns.length,
  pairs,
});

async function pearson(
  { bench }: MeasuredTable,
  columns: readonly Sampled[],
  fitting: number,
): Promise<Association> {
  const pairs = pairsOf(columns);
  const asked = pairs.map(([a, b]) => `corr(${a.as}, ${b.as}), regr_count(${a.as}, ${b.as})`);
  const [row = []] =
    asked.length > 0 ? await bench.rows(`SELECT ${asked.join(', ')} FROM ${SAMPLE}`) : [];
  return association(
    columns,
    fitting,
    pairs.map(([a, b], place) => ({
      a: a.name,
      b: b.name,
      value: figure(row[2 * place]),
      rows: count(row[2 * place + 1]),
    })),
  );
}

/** Twice the mean rank of equal values, but for a constant, which a correlation does not see. */
const rankOf = ({ as }: Sampled): string =>
  `rank() OVER (ORDER BY ${as}) - rank() OVER (ORDER BY ${as} DESC)`;

/** Columns that have all their values are ranked once, the others anew for each pair. */
async function spearman(
  { bench }: MeasuredTable,
  columns: readonly Sampled[],
  fitting: number,
): Promise<Association> {
  const whole = columns.filter(({ nulls }) => nulls === 0);
  if (whole.length > 1) {
    const ranks = whole.map((column) => `${rankOf(column)} AS ${column.as}`).join(', ');
    await bench.run(`CREATE OR REPLACE TEMP TABLE ${RANKS} AS SELECT ${ranks} FROM ${SAMPLE}`);
  }
  const pairs = pairsOf(columns);
  const statements = pairs.map(([a, b], place) => {
    if (a.nulls === 0 && b.nulls === 0) {
      return `SELECT ${place}, corr(${a.as}, ${b.as}), count(*) FROM ${RANKS}`;
    }
    return `SELECT ${place}, corr(a, b), count(*) FROM (
      SELECT ${rankOf(a)} AS a, ${rankOf(b)} AS b FROM ${SAMPLE}
      WHERE ${a.as} IS NOT NULL AND ${b.as} IS NOT NULL)`;
  });
  const found = await inBatches(bench, statements);
  return association(
    columns,
    fitting,
    pairs.map(([a, b], place) => ({
      a: a.name,
      b: b.name,
      value: figure(found[place]?.[1]),
      rows: count(found[place]?.[2]),
    })),
  );
}

async function cramersV(
  { bench }: MeasuredTable,
  columns: readonly Sampled[],
  fitting: number,
): Promise<Association> {
  const pairs = pairsOf(columns);
  const statements = pairs.map(
    ([a, b], place) => `
      SELECT ${place}, sum(n), count(DISTINCT a), count(DISTINCT b),
        sum(n::DOUBLE * n / (sum_a::DOUBLE * sum_b)) - 1 FROM (
        SELECT a, b, n, sum(n) OVER (PARTITION BY a) AS sum_a, sum(n) OVER (PARTITION BY b) AS sum_b FROM (
          SELECT ${a.as} AS a, ${b.as} AS b, count(*) AS n FROM ${SAMPLE}
          WHERE ${a.as} IS NOT NULL AND ${b.as} IS NOT NULL GROUP BY 1, 2))`,
  );
  const found = await inBatches(bench, statements);
  return association(
    columns,
    fitting,
    pairs.map(([a, b], place) => {
      const [, rows, ofA, ofB, phiSquared] = found[place] ?? [];
      const freedom = Math.min(count(ofA), count(ofB)) - 1;
      const value =
        freedom < 1 ? null : Math.min(Math.sqrt(Math.max(count(phiSquared), 0) / freedom), 1);
      return { a: a.name, b: b.name, value: figure(value), rows: count(rows) };
    }),
  );
}

/** Each gives one row, which begins with its place. */
async function inBatches(
  bench: MeasuredTable['bench'],
  statements: readonly string[],
): Promise<Cells> {
  const rows: unknown[][] = [];
  for (let start = 0; start < statements.length; start += AT_ONCE) {
    const some = statements.slice(start, start + AT_ONCE).map((one) => `SELECT * FROM (${one})`);
    for (const row of await bench.rows(some.join(' UNION ALL '))) rows[count(row[0])] = row;
  }
  return rows;
}
