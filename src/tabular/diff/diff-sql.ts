import type { Column } from '../../core/contracts/dataset-reader.contract.js';
import { quoteIdentifier, quoteLiteral } from '../values/quote.js';
import { isFloat } from './comparison.js';
import type { ComparedPair, DiffPlan, Side, Tolerance } from './diff.types.js';

/**
 * Rows whose keys have this remainder, so that what has to be in memory at once is a part of the tables.
 * Both sides of a pair are in the same one.
 */
export interface Share {
  of: number;
  part: number;
}

/** Which rows a statement is about. */
export interface Looked {
  share: Share;
  /** Only those that the table `suspects` names. */
  amongSuspects: boolean;
}

const castTo = (sql: string, from: string, type: string): string =>
  from === type ? sql : `CAST(${sql} AS ${type})`;

const shareOf = (expressions: readonly string[], { of, part }: Share): string =>
  of === 1 ? '' : ` WHERE hash(${expressions.join(', ')}) % ${of} = ${part}`;

/** A side's columns of the key, in the types in which they are compared. */
const keysOf = (key: readonly ComparedPair[], side: Side): string[] =>
  key.map((pair) =>
    castTo(quoteIdentifier(pair[side].name), pair[side].type, pair.comparison.type),
  );

/**
 * Of one side: rows, rows with nulls in the key, and whether the key grows from row to row. A key that
 * does is unique, which costs nothing to see; DuckDB reads the rows in their order for it.
 */
export function keyLooks(key: readonly ComparedPair[], side: Side): string {
  const keys = keysOf(key, side);
  const whole = keys.length === 1 ? (keys[0] as string) : `row(${keys.join(', ')})`;
  const isNull = keys.map((_, place) => `k${place} IS NULL`).join(' OR ');
  const list = keys.map((sql, place) => `${sql} AS k${place}`).join(', ');
  return `SELECT count(*), count(*) FILTER (WHERE ${isNull}), coalesce(bool_and(whole > before), true)
    FROM (SELECT ${list}, ${whole} AS whole, lag(${whole}) OVER () AS before FROM ${side})`;
}

/** Of one side, values of the key that several rows have: how many, of how many rows, and some. */
export function keyRepeats(
  key: readonly ComparedPair[],
  side: Side,
  share: Share,
  examples: number,
): { totals: string; examples: string } {
  const keys = keysOf(key, side);
  const list = keys.map((sql, place) => `${sql} AS k${place}`).join(', ');
  const names = keys.map((_, place) => `k${place}`);
  const isWhole = names.map((name) => `${name} IS NOT NULL`).join(' AND ');
  const repeated = `SELECT ${names.join(', ')}, count(*) AS n
    FROM (SELECT ${list} FROM ${side}${shareOf(keys, share)}) WHERE ${isWhole}
    GROUP BY ${names.join(', ')} HAVING count(*) > 1`;
  return {
    totals: `SELECT count(*), coalesce(sum(n), 0)::BIGINT FROM (${repeated})`,
    examples: `SELECT n, ${names.join(', ')} FROM (${repeated}) ORDER BY n DESC, ${names.join(', ')} LIMIT ${examples}`,
  };
}

/** Columns that rows show beside the key, in the order of the artifact. */
export const shownPairs = ({
  compared,
  apart,
  added,
  removed,
}: DiffPlan): { base: Column | null; head: Column | null }[] => [
  ...compared,
  ...apart,
  ...added.map((head) => ({ base: null, head })),
  ...removed.map((base) => ({ base, head: null })),
];

/** The changed rows of one share of two tables whose keys are unique. */
export function keyedChanges(
  plan: DiffPlan,
  { tolerance, share, amongSuspects }: Looked & { tolerance: Tolerance | null },
): string {
  const key = plan.key ?? [];
  const pairs = shownPairs(plan);
  const differences = plan.compared.map((pair, place) => differs(pair, place, tolerance));
  const names = plan.compared.map(({ head }) => quoteLiteral(head.name));
  const marks = differences.map((sql, place) => `CASE WHEN ${sql} THEN ${names[place]} END`);
  const list = `CAST([${marks.join(', ')}] AS VARCHAR[])`;
  const isNew = 'b.k0 IS NULL';
  const isGone = 'h.k0 IS NULL';
  const columns = [
    `CASE WHEN ${isNew} THEN 'inserted' WHEN ${isGone} THEN 'deleted' ELSE 'updated' END AS change`,
    `CASE WHEN NOT (${isNew} OR ${isGone}) THEN list_filter(${list}, lambda m: m IS NOT NULL) END AS marks`,
    ...key.map((_, place) => `coalesce(h.k${place}, b.k${place}) AS k${place}`),
    ...pairs.flatMap(({ base, head }, place) => {
      const isChanged = differences[place] ?? 'false';
      return [
        ...(base ? [`CASE WHEN ${isGone} OR ${isChanged} THEN b.c${place} END AS b${place}`] : []),
        ...(head ? [`CASE WHEN ${isNew} OR ${isChanged} THEN h.c${place} END AS h${place}`] : []),
      ];
    }),
  ];
  const same = key.map((_, place) => `b.k${place} = h.k${place}`).join(' AND ');
  const side = (name: Side): string => {
    const all = keyedSide(plan, name, share);
    const keys = key.map((_, place) => `k${place}`).join(', ');
    return amongSuspects ? `SELECT * FROM (${all}) SEMI JOIN suspects USING (${keys})` : all;
  };
  return `SELECT ${columns.join(', ')}
    FROM (${side('base')}) AS b FULL JOIN (${side('head')}) AS h ON ${same}
    WHERE ${[isNew, isGone, ...differences].join(' OR ')}`;
}

function keyedSide(plan: DiffPlan, side: Side, share: Share): string {
  const keys = keysOf(plan.key ?? [], side);
  const cells = shownPairs(plan).flatMap((pair, place) => {
    const column = pair[side];
    return column ? [`${quoteIdentifier(column.name)} AS c${place}`] : [];
  });
  const list = [...keys.map((sql, place) => `${sql} AS k${place}`), ...cells].join(', ');
  return `SELECT ${list} FROM ${side}${shareOf(keys, share)}`;
}

/** Whether the cells of a pair are different; never unknown. NaN is equal to itself, as null is. */
function differs(
  { base, head, comparison }: ComparedPair,
  place: number,
  tolerance: Tolerance | null,
): string {
  const raw = { base: `b.c${place}`, head: `h.c${place}` };
  const one = castTo(raw.base, base.type, comparison.type);
  const other = castTo(raw.head, head.type, comparison.type);
  const isOther = `${one} IS DISTINCT FROM ${other}`;
  const { whole } = comparison;
  const isInexact = whole && isRounded(raw[whole], whole === 'base' ? one : other);
  const differing = isInexact ? `(${isOther} OR ${isInexact})` : isOther;
  if (!tolerance || !isFloat(comparison.type)) return `(${differing})`;
  return `(${differing} AND NOT ${isWithin(one, other, tolerance)})`;
}

/** Whether a whole number has become another as a DOUBLE. */
const isRounded = (whole: string, double: string): string =>
  `CAST(${double} AS HUGEINT) IS DISTINCT FROM CAST(${whole} AS HUGEINT)`;

function isWithin(one: string, other: string, { absolute, relative }: Tolerance): string {
  const [a, b] = [`CAST(${one} AS DOUBLE)`, `CAST(${other} AS DOUBLE)`];
  const allowed = `greatest(${double(absolute)}, ${double(relative)} * greatest(abs(${a}), abs(${b})))`;
  return `coalesce(isfinite(${a}) AND isfinite(${b}) AND abs(${a} - ${b}) <= ${allowed}, false)`;
}

const double = (value: number): string => `CAST('${value}' AS DOUBLE)`;

/** The rows of one share that are more often in one table than in the other. */
export function unkeyedChanges(plan: DiffPlan, { share, amongSuspects }: Looked): string {
  const names = plan.compared.flatMap((pair, place) => [
    `c${place}`,
    ...(pair.comparison.whole ? [`e${place}`] : []),
  ]);
  const shown = plan.compared.map((_, place) => `c${place} AS h${place}`).join(', ');
  const rows = (['base', 'head'] as const).map((side) => {
    const cells = cellsOf(plan.compared, side);
    const list = cells.map((sql, place) => `${sql} AS ${names[place]}`).join(', ');
    const suspects = amongSuspects
      ? ` WHERE hash(${cells.join(', ')}) IN (SELECT x FROM suspects)`
      : '';
    return `SELECT ${list}, ${side === 'base' ? -1 : 1} AS n FROM ${side}${suspects}`;
  });
  return `SELECT CASE WHEN n > 0 THEN 'inserted' ELSE 'deleted' END AS change, abs(n) AS n, ${shown}
    FROM (SELECT ${names.join(', ')}, CAST(sum(n) AS BIGINT) AS n
      FROM (${rows.join(' UNION ALL ')})${shareOf(names, share)}
      GROUP BY ${names.join(', ')} HAVING sum(n) <> 0)`;
}

/** A side's compared cells, in the types in which they are; whole numbers also say whether they are exact. */
const cellsOf = (pairs: readonly ComparedPair[], side: Side): string[] =>
  pairs.flatMap((pair) => {
    const { type, whole } = pair.comparison;
    const raw = quoteIdentifier(pair[side].name);
    const sql = castTo(raw, pair[side].type, type);
    // Of the two zeros it would be chance which one is shown.
    const shown = isFloat(type) ? `${sql} + 0` : sql;
    const isExact = whole === side ? `NOT (${isRounded(raw, sql)})` : 'true';
    return whole ? [shown, isExact] : [shown];
  });

/**
 * What has to be looked at closely, by 64 bits of each row: keys of rows that seem to have changed, or
 * bits of rows that are not equally often in both tables. Takes one narrow pass where the tables
 * themselves would have to be read once a share.
 */
export function suspectsOf({ key, compared }: DiffPlan, share: Share): string {
  const bits = (side: Side): string => {
    const cells = cellsOf(compared, side);
    return cells.length > 0 ? `hash(${cells.join(', ')})` : '0';
  };
  if (!key) {
    const part = share.of === 1 ? '' : ` WHERE x % ${share.of} = ${share.part}`;
    return `SELECT x FROM (
        SELECT ${bits('base')} AS x, -1 AS n FROM base UNION ALL SELECT ${bits('head')}, 1 FROM head)${part}
      GROUP BY x HAVING sum(n) <> 0`;
  }
  const names = key.map((_, place) => `k${place}`);
  const narrow = (side: Side): string => {
    const keys = keysOf(key, side);
    const list = keys.map((sql, place) => `${sql} AS ${names[place]}`).join(', ');
    return `SELECT ${list}, ${bits(side)} AS x FROM ${side}${shareOf(keys, share)}`;
  };
  return `SELECT ${names.map((name) => `coalesce(b.${name}, h.${name}) AS ${name}`).join(', ')}
    FROM (${narrow('base')}) AS b FULL JOIN (${narrow('head')}) AS h
      ON ${names.map((name) => `b.${name} = h.${name}`).join(' AND ')}
    WHERE b.x IS DISTINCT FROM h.x`;
}

/** For counting the rows of a side. */
export const countOf = (side: Side): string => `SELECT count(*) FROM ${side}`;

/** About how many bytes a row of a side is in memory, by the first ones. */
export const widthOf = (side: Side, columns: readonly Column[]): string => {
  const names = columns.map(({ name }) => quoteIdentifier(name)).join(', ');
  return `SELECT coalesce(avg(strlen(CAST(row(${names}) AS VARCHAR))), 0) + ${8 * columns.length}
    FROM (FROM ${side} LIMIT 1000)`;
};
