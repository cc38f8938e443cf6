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
import { identifier, sourceOf, type Subject, subjectsOf } from './subject.js';
import { countValues } from './value-counts.js';

export type TableStatistics = TableStatisticsDto;

export interface StatisticsOptions {
  /** Reading some of its columns is cheaper than reading all: Parquet and Arrow. */
  isColumnar?: boolean;
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
 * A table of more columns than go into one scan is copied into a temporary one first, unless it is columnar:
 * text would be parsed again for each batch.
 */
export async function computeStatistics(
  database: TableDatabase,
  relation: Relation,
  columns: readonly Column[],
  { isColumnar = false, batch = BATCH }: StatisticsOptions = {},
): Promise<TableStatistics> {
  const isCopied = columns.length > batch && !isColumnar;
  const table = isCopied ? await copied(database, relation, columns) : relation.sql;
  try {
    const answer: TableStatistics = { rowCount: 0, columns: [] };
    for (let start = 0; start === 0 || start < columns.length; start += batch) {
      const some = subjectsOf(columns.slice(start, start + batch));
      const { rowCount, columns: more } = await measure(database, table, some);
      answer.rowCount = rowCount;
      answer.columns.push(...more);
    }
    return answer;
  } finally {
    if (isCopied) await database.all(`DROP TABLE IF EXISTS ${table}`);
  }
}

async function copied(
  database: TableDatabase,
  { sql }: Relation,
  columns: readonly Column[],
): Promise<string> {
  const table = 'stratum_statistics';
  const names = columns.map(({ name }) => identifier(name));
  await database.all(`CREATE TEMP TABLE ${table} AS SELECT ${names.join(', ')} FROM ${sql}`);
  return table;
}

async function measure(
  database: TableDatabase,
  table: string,
  subjects: readonly Subject[],
): Promise<TableStatistics> {
  if (subjects.length === 0) {
    const [row] = await database.all(`SELECT count(*) FROM ${table}`);
    return { rowCount: Number(row?.[0]), columns: [] };
  }
  const source = sourceOf(table, subjects);
  const first = new AggregateQuery();
  const rows = first.count('count(*)');
  const asked = subjects.map((subject) => askFacts(first, subject));
  await first.run(database, source);
  const rowCount = rows();
  const known = subjects.map((subject, index) => ({
    subject,
    facts: (asked[index] as () => Facts)(),
  }));
  const isSmall = rowCount <= SMALL;
  const isFew = ({ subject, facts }: (typeof known)[number]): boolean =>
    subject.kind !== 'boolean' && (isSmall || facts.hashes * HASH_PARTS <= FEW);

  const second = new AggregateQuery();
  const unread = known.map((column) =>
    askColumn(second, column.subject, column.facts, isSmall, isFew(column)),
  );
  await second.run(database, source);
  const few = known.filter(isFew).map(({ subject }) => subject);
  const counted = await countValues(database, source, few);
  return {
    rowCount,
    columns: unread.map((read) => read(rowCount, counted)),
  };
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
  const moments = kind === 'float' ? askMoments(query, subject, facts) : () => facts;
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
