import type { TableDatabase } from '../../core/contracts/dataset-reader.contract.js';
import { AggregateQuery } from './aggregate-query.js';
import { shownText } from './shown-value.js';
import type { Subject } from './subject.js';

export interface ValueCounts {
  distinct: number;
  /** The most frequent, the most frequent first. */
  top: { text: string; count: number }[];
}

/** Each column is grouped in a hash table of its own, for each thread. */
const AT_ONCE = 32;

export const TOP = 10;

/** Counts every value of columns that have few, or of few rows: one scan for 32 columns. */
export async function countValues(
  database: TableDatabase,
  source: string,
  subjects: readonly Subject[],
): Promise<Map<Subject, ValueCounts>> {
  const counts = new Map<Subject, ValueCounts>();
  for (let start = 0; start < subjects.length; start += AT_ONCE) {
    const some = subjects.slice(start, start + AT_ONCE);
    const query = new AggregateQuery();
    const figures = some.map((subject) => {
      const { cell } = subject;
      // A group of another column has NULL here, and so has the one of this column's nulls.
      const isMine = `FILTER (WHERE ${cell} IS NOT NULL)`;
      const item = `{text: ${shownText(subject)}, count: n}`;
      return {
        distinct: query.count(`count(${cell})`),
        top: query.json<ValueCounts['top']>(
          `(list(${item} ORDER BY n DESC, ${cell}) ${isMine})[1:${TOP}]`,
          [],
        ),
      };
    });
    const cells = some.map(({ cell }) => cell);
    await query.run(
      database,
      `(SELECT ${cells.join(', ')}, count(*) AS n FROM ${source}
        GROUP BY GROUPING SETS (${cells.map((cell) => `(${cell})`).join(', ')}))`,
    );
    some.forEach((subject, index) => {
      const figure = figures[index];
      if (figure) counts.set(subject, { distinct: figure.distinct(), top: figure.top() });
    });
  }
  return counts;
}
