import type {
  Column,
  Relation,
  TableDatabase,
} from '../../core/contracts/dataset-reader.contract.js';
import { AggregateQuery } from './aggregate-query.js';
import { toColumnStatistics } from './column-statistics.js';
import type { ColumnStatisticsDto, TableStatisticsDto } from './dto/statistics-of-table.dto.js';
import { askFacts, type Facts, HASH_PARTS } from './first-pass.js';
import { askCandidates, askMoments, askNonFinite, askShape } from './second-pass.js';
import { quoteIdentifier } from '../values/quote.js';
import { sourceOf, type Subject, subjectsOf } from './subject.js';
import { countValues } from './value-counts.js';

export type TableStatistics = TableStatisticsDto;

export interface StatisticsOptions {
  /**
   * Copy the table into a temporary one first: for what is parsed as text. The copy takes about as much memory, and
   * beyond the limit temporary disk, as the text has bytes; without it the text is parsed in every scan. Default: true.
   */
  isCopied?: boolean;
  /** Columns of one scan. */
  batch?: number;
}

/** Up to so many rows everything is exact. */
export const SMALL = 100_000;

/** Up to about so many different values they are all counted. */
const FEW = 10_000;

const BATCH = 200;

/**
 * Figures of a whole table, in three scans: what is known of a column alone; what needs to know from where to
 * where it goes; and, of columns that have few values or in a small table, the count of each value. Memory
 * is bounded whatever the rows: only counts of few values, digests and samples are kept.
 *
 * Measured with DuckDB 1.5.6, two threads, 1 GB and without `preserve_insertion_order`, on 2,700,000 rows of six
 * columns, on a machine busy with other work: so seconds of CPU, beside those of DuckDB's SUMMARIZE. Parquet of 28 MB:
 * 3.9 against 2.8 to 3.0. CSV of 224 MB: 6.1 to 7.2 against 4.3 to 4.4 with a copy, half of them for the copy;
 * an earlier form without one, 7.3 to 7.6 against 3.6 to 4.5.
 * In a table of a thousand rows each column takes 8 ms of CPU, so 10,000 of them more than a minute.
 */
export async function computeStatistics(
  database: TableDatabase,
  relation: Relation,
  columns: readonly Column[],
  { isCopied = true, batch = BATCH }: StatisticsOptions = {},
): Promise<TableStatistics> {
  const isCopy = isCopied && columns.length > 0;
  const table = isCopy ? await copied(database, relation, columns) : relation.sql;
  try {
    const [row] = await database.all(`SELECT count(*) FROM ${table}`);
    const rowCount = Number(row?.[0]);
    const measured: ColumnStatisticsDto[] = [];
    for (let start = 0; start < columns.length; start += batch) {
      const some = subjectsOf(columns.slice(start, start + batch));
      measured.push(...(await measure(database, table, some, rowCount)));
    }
    return { rowCount, columns: measured };
  } finally {
    if (isCopy) await database.all(`DROP TABLE IF EXISTS ${table}`);
  }
}

async function copied(
  database: TableDatabase,
  { sql }: Relation,
  columns: readonly Column[],
): Promise<string> {
  const table = 'stratum_statistics';
  const names = columns.map(({ name }) => quoteIdentifier(name));
  await database.all(`CREATE TEMP TABLE ${table} AS SELECT ${names.join(', ')} FROM ${sql}`);
  return table;
}

async function measure(
  database: TableDatabase,
  table: string,
  subjects: readonly Subject[],
  rowCount: number,
): Promise<ColumnStatisticsDto[]> {
  const source = sourceOf(table, subjects);
  const isSmall = rowCount <= SMALL;
  const first = new AggregateQuery();
  const asked = subjects.map((subject) => ({ subject, read: askFacts(first, subject, isSmall) }));
  await first.run(database, source);
  const known = asked.map(({ subject, read }) => {
    const facts = read();
    const isFew = isSmall || facts.hashes * HASH_PARTS <= FEW;
    return { subject, facts, isFew: isFew && subject.kind !== 'boolean' };
  });

  const second = new AggregateQuery();
  const unread = known.map(({ subject, facts, isFew }) =>
    askColumn(second, subject, facts, isSmall, isFew),
  );
  await second.run(database, source);
  const few = known.filter(({ isFew }) => isFew).map(({ subject }) => subject);
  const counted = await countValues(database, table, few);
  return unread.map((read) => read(rowCount, counted));
}

type Counted = Awaited<ReturnType<typeof countValues>>;

function askColumn(
  query: AggregateQuery,
  subject: Subject,
  facts: Facts,
  isSmall: boolean,
  isFew: boolean,
): (rowCount: number, counted: Counted) => ColumnStatisticsDto {
  const { scale, kind } = subject;
  const shape = scale ? askShape(query, subject, scale as never, facts, isSmall) : () => null;
  const moments = askMoments(query, subject, facts);
  const canBeInfinite = ['float', 'date', 'timestamp'].includes(kind);
  const nonFinite =
    canBeInfinite && facts.present > facts.placed ? askNonFinite(query, subject) : () => null;
  const candidates = isFew ? () => [] : askCandidates(query, subject, facts.candidates);
  return (rowCount, counted) =>
    toColumnStatistics(subject, {
      rowCount,
      facts,
      shape: shape(),
      moments: moments(),
      nonFinite: nonFinite() ?? (canBeInfinite ? NO_NON_FINITE : null),
      counts: counted.get(subject) ?? null,
      candidates: candidates(),
    });
}

const NO_NON_FINITE = { nan: 0, positiveInfinity: 0, negativeInfinity: 0 };
