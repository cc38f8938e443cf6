import { quoteIdentifier, type ColumnStatistics } from '../../../tabular/index.js';
import type { ColumnDetails } from '../profile.types.js';
import { count, figure, portion, type MeasuredTable } from './measured-table.js';

/** Columns of one scan. */
const BATCH = 50;

/** Numbers that stand for a missing one in many a file. */
const SENTINELS = [-1, -9, -99, -999, -9999, -99999, 99, 999, 9999, 99999, 999999];
/** As their smallest form, without spaces around. */
const PLACEHOLDERS =
  'na,n/a,#n/a,nan,null,nil,none,missing,unknown,undefined,not available,tbd,-,--,---,?,.'
    .split(',')
    .map((text) => `'${text}'`)
    .join(', ');
const NUMBER = String.raw`'[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?'`;
const EXAMPLE_CHARACTERS = 100;

type Read = (cells: readonly unknown[]) => ColumnDetails;
interface Asked {
  sql: string[];
  read: Read;
}

const NOTHING: ColumnDetails = { zeros: null, skewness: null, sentinels: [], texts: null };

/** In one scan of the columns that need it. */
export async function findColumnDetails(
  { bench, name, rowCount }: MeasuredTable,
  columns: readonly ColumnStatistics[],
): Promise<ColumnDetails[]> {
  const details = columns.map(() => NOTHING);
  const asked = columns.flatMap((column, place) => {
    const one = askDetails(column, rowCount);
    return one ? [{ ...one, place }] : [];
  });
  for (let start = 0; start < asked.length; start += BATCH) {
    const some = asked.slice(start, start + BATCH);
    const sql = some.flatMap((one) => one.sql).join(', ');
    const [row = []] = await bench.rows(`SELECT ${sql} FROM ${name}`);
    let at = 0;
    for (const one of some) {
      details[one.place] = one.read(row.slice(at, at + one.sql.length));
      at += one.sql.length;
    }
  }
  return details;
}

function askDetails(column: ColumnStatistics, rowCount: number): Asked | null {
  if (column.kind === 'string') return askTexts(column);
  return ['integer', 'float', 'decimal'].includes(column.kind)
    ? askNumbers(column, rowCount)
    : null;
}

function askNumbers({ name, mean, std }: ColumnStatistics, rowCount: number): Asked {
  const cast = `CAST(${quoteIdentifier(name)} AS DOUBLE)`;
  const number = `CASE WHEN isfinite(${cast}) THEN ${cast} END`;
  const others = `FILTER (WHERE ${cast} NOT IN (${SENTINELS.join(', ')}))`;
  const canSkew = typeof mean === 'number' && typeof std === 'number' && std > 0;
  return {
    sql: [
      `count_if(${cast} = 0)`,
      // From the mean and in deviations: cubes of values far from 0 would leave no digit of it.
      canSkew ? `skewness((${number} - (${mean})) / ${std})` : 'NULL',
      `min(${number}) ${others}`,
      `max(${number}) ${others}`,
      ...SENTINELS.map((value) => `count_if(${cast} = ${value})`),
    ],
    read: ([zeros, skewness, min, max, ...counts]) => ({
      ...NOTHING,
      zeros: portion(count(zeros), rowCount),
      skewness: figure(skewness, 4),
      sentinels: SENTINELS.map((value, place) => ({ value, count: count(counts[place]) })).filter(
        (one) => one.count > 1 && isApart(one.value, figure(min, 20), figure(max, 20)),
      ),
    }),
  };
}

/** Whether a value lies outside the others by more than half of what they span. */
function isApart(value: number, min: number | null, max: number | null): boolean {
  if (min === null || max === null) return false;
  const gap = Math.max(min - value, value - max);
  return gap > Math.max((max - min) / 2, 1);
}

function askTexts({ name, distinct }: ColumnStatistics): Asked | null {
  if (distinct.value === 0) return null;
  const text = `CAST(${quoteIdentifier(name)} AS VARCHAR)`;
  const isPlaceholder = `lower(trim(${text})) IN (${PLACEHOLDERS})`;
  const isNumber = `regexp_full_match(trim(${text}), ${NUMBER})`;
  const hasZeroBefore = `regexp_matches(trim(${text}), '^[+-]?0[0-9]')`;
  const other = `NOT ${isNumber} AND NOT ${isPlaceholder} AND trim(${text}) <> ''`;
  return {
    sql: [
      `count_if(trim(${text}) = '')`,
      `count_if(${isPlaceholder})`,
      `count_if(${isNumber} AND NOT ${hasZeroBefore})`,
      `count_if(TRY_CAST(${text} AS TIMESTAMP) IS NOT NULL)`,
      `left(min(${text}) FILTER (WHERE ${other}), ${EXAMPLE_CHARACTERS})`,
    ],
    read: ([empty, placeholders, numbers, timestamps, example]) => ({
      ...NOTHING,
      texts: {
        empty: count(empty),
        placeholders: count(placeholders),
        numbers: count(numbers),
        timestamps: count(timestamps),
        otherExample: typeof example === 'string' ? example : null,
      },
    }),
  };
}
