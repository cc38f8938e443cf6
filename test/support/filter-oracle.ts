import fc from 'fast-check';

export type OracleValue = string | number | boolean | bigint | null;
type Value = OracleValue;
export type OracleRow = Record<string, Value>;
type Row = OracleRow;
type Truth = boolean | null;

export interface OracleColumn {
  name: string;
  type: string;
  values: fc.Arbitrary<Value>;
  /** A value as SQL has it, and as a filter does. */
  sql: (value: Value) => string;
  filter: (value: Value) => string;
}

/** A condition as text, and what it means for a row, of which the text's parser knows nothing. */
export interface OracleCondition {
  text: string;
  evaluate: (row: Row) => Truth;
}

const quoted = (value: Value): string => `'${String(value).replaceAll("'", "''")}'`;
const DAY = 86_400_000;
const iso = (milliseconds: Value): string => new Date(Number(milliseconds)).toISOString();
const texts = fc.string({
  unit: fc.constantFrom('a', 'b', 'B', 'Ä', 'ä', '%', '_', "'", '\\', '\n', '😀', '語'),
  maxLength: 4,
});
const days = fc.integer({ min: -3, max: 3 }).map((day) => day * DAY);

const column = (
  name: string,
  type: string,
  values: fc.Arbitrary<Value>,
  sql: (value: Value) => string,
  filter = sql,
): OracleColumn => ({ name, type, values, sql, filter });

/** Thousandths, so that all of them compare exactly; NaN and infinities as they are. */
const decimal = (value: Value): string => {
  if (typeof value === 'number') return quoted(value);
  const digits = String(value).replace('-', '').padStart(4, '0');
  return `${Number(value) < 0 ? '-' : ''}${digits.slice(0, -3)}.${digits.slice(-3)}`;
};
const thousandths = (step: number, span: number) =>
  fc.integer({ min: -span, max: span }).map((count) => BigInt(count * step));

export const TABLE: readonly OracleColumn[] = [
  column('i', 'BIGINT', thousandths(1000, 4), decimal),
  column('u', 'UTINYINT', fc.integer({ min: 0, max: 4 }).map((count) => BigInt(count * 1000)), decimal),
  column('m', 'DECIMAL(9,2)', thousandths(10, 300), decimal),
  column('x', 'DOUBLE', fc.oneof({ weight: 5, arbitrary: thousandths(500, 6) }, fc.constantFrom<Value>(NaN, Infinity, -Infinity)), decimal),
  column('t', 'VARCHAR', texts, quoted),
  column('Other Text', 'VARCHAR', texts, quoted),
  column('e', "ENUM('b', 'a', 'B')", fc.constantFrom('a', 'b', 'B'), quoted),
  column('ok', 'BOOLEAN', fc.boolean(), String),
  column('d', 'DATE', days, (value) => `DATE '${iso(value).slice(0, 10)}'`, (value) => quoted(iso(value).slice(0, 10))),
  column('ts', 'TIMESTAMP', fc.integer({ min: -20, max: 20 }).map((part) => part * (DAY / 8)), (value) => `TIMESTAMP '${iso(value).slice(0, -1)}'`, (value) => quoted(iso(value))),
]; // prettier-ignore

/** A value of a table, with its type. */
export const literalOf = ({ sql, type }: OracleColumn, value: Value): string =>
  `CAST(${value === null ? 'NULL' : sql(value)} AS ${type})`;

export const rows: fc.Arbitrary<Row[]> = fc.array(
  fc.record(
    Object.fromEntries(TABLE.map(({ name, values }) => [name, fc.option(values, { freq: 4 })])),
  ),
  { minLength: 1, maxLength: 12 },
);

const NUMBERS = TABLE.filter(({ name }) => 'iumx'.includes(name));
const TIMES = TABLE.filter(({ name }) => name === 'd' || name === 'ts');
const TEXTS = TABLE.filter(({ type }) => type === 'VARCHAR' || type.startsWith('ENUM'));
const BOOLEAN = TABLE.find(({ name }) => name === 'ok') as OracleColumn;
const named = ({ name }: OracleColumn): string => (/\s/.test(name) ? `"${name}"` : name);

/** NaN is the greatest number, and equal to itself. Texts compare as their bytes in UTF-8. */
export function compareValues(one: NonNullable<Value>, other: NonNullable<Value>): number {
  if (typeof one === 'string') return Buffer.compare(Buffer.from(one), Buffer.from(String(other)));
  const [a, b] = [Number(one), Number(other)];
  if (Number.isNaN(a) || Number.isNaN(b)) return Number(Number.isNaN(a)) - Number(Number.isNaN(b));
  return a < b ? -1 : a > b ? 1 : 0;
}

const OPERATORS: Record<string, (sign: number) => boolean> = {
  '=': (sign) => sign === 0,
  '==': (sign) => sign === 0,
  '<>': (sign) => sign !== 0,
  '!=': (sign) => sign !== 0,
  '<': (sign) => sign < 0,
  '<=': (sign) => sign <= 0,
  '>': (sign) => sign > 0,
  '>=': (sign) => sign >= 0,
};
const compare = (one: Value, operator: string, other: Value): Truth =>
  one === null || other === null
    ? null
    : (OPERATORS[operator]?.(compareValues(one, other)) ?? null);

const not = (truth: Truth): Truth => (truth === null ? null : !truth);
const and = (truths: Truth[]): Truth =>
  truths.includes(false) ? false : truths.includes(null) ? null : true;
const or = (truths: Truth[]): Truth => not(and(truths.map(not)));

/** Two columns that compare, or a column and values as another could have them. */
const families: OracleColumn[][] = [NUMBERS, TIMES, TEXTS];
const pairs = fc
  .constantFrom(...families)
  .chain((family) => fc.tuple(fc.constantFrom(...family), fc.constantFrom(...family)));
/** Only a text of a double's is no number for other columns. */
const valueFor = ([one, other]: [OracleColumn, OracleColumn]): fc.Arbitrary<[Value, string]> =>
  other.values
    .filter((value) => one.name === 'x' || typeof value !== 'number' || TIMES.includes(one))
    .map((value) => [value, other.filter(value)]);

const operators = fc.constantFrom(...Object.keys(OPERATORS));
const negations = fc.boolean();
const word = (isNegated: boolean): string => (isNegated ? 'not ' : '');
const given = (isNegated: boolean, truth: Truth): Truth => (isNegated ? not(truth) : truth);

const comparisons: fc.Arbitrary<OracleCondition> = pairs.chain((pair) =>
  fc.tuple(valueFor(pair), operators, negations).map(([[value, text], operator, isFlipped]) => ({
    text: isFlipped
      ? `${text} ${operator} ${named(pair[0])}`
      : `${named(pair[0])} ${operator} ${text}`,
    evaluate: (row) => {
      const own = row[pair[0].name] ?? null;
      return isFlipped ? compare(value, operator, own) : compare(own, operator, value);
    },
  })),
);
const columnComparisons: fc.Arbitrary<OracleCondition> = fc
  .tuple(
    pairs.filter(([one, other]) => !TIMES.includes(one) || one === other),
    operators,
  )
  .map(([[one, other], operator]) => ({
    text: `${named(one)}${operator}${named(other)}`,
    evaluate: (row) => compare(row[one.name] ?? null, operator, row[other.name] ?? null),
  }));
const memberships: fc.Arbitrary<OracleCondition> = pairs.chain((pair) =>
  fc
    .tuple(fc.array(valueFor(pair), { minLength: 1, maxLength: 4 }), negations)
    .map(([values, isNegated]) => ({
      text: `${named(pair[0])} ${word(isNegated)}in (${values.map(([, text]) => text).join(', ')})`,
      evaluate: (row) =>
        given(
          isNegated,
          or(values.map(([value]) => compare(row[pair[0].name] ?? null, '=', value))),
        ),
    })),
);
const ranges: fc.Arbitrary<OracleCondition> = pairs.chain((pair) =>
  fc
    .tuple(valueFor(pair), valueFor(pair), negations)
    .map(([[low, from], [high, to], isNegated]) => ({
      text: `${named(pair[0])} ${word(isNegated)}between ${from} and ${to}`,
      evaluate: (row) => {
        const own = row[pair[0].name] ?? null;
        return given(isNegated, and([compare(own, '>=', low), compare(own, '<=', high)]));
      },
    })),
);

/** Goes back and forth, as the texts are short. */
function isLike(text: string[], pattern: string[], escape: string | null): boolean {
  const [first, ...rest] = pattern;
  if (first === undefined) return text.length === 0;
  if (first === escape) return text[0] === rest[0] && isLike(text.slice(1), rest.slice(1), escape);
  if (first === '%')
    return (
      isLike(text, rest, escape) || (text.length > 0 && isLike(text.slice(1), pattern, escape))
    );
  return (
    text.length > 0 && (first === '_' || first === text[0]) && isLike(text.slice(1), rest, escape)
  );
}
const patterns: fc.Arbitrary<OracleCondition> = fc
  .tuple(
    fc.constantFrom(...TEXTS),
    fc.array(
      fc.constantFrom('a', 'b', 'B', 'Ä', 'ä', '%', '_', '!%', '!_', '!!', "'", '.', '\\', '😀'),
      { maxLength: 5 },
    ),
    negations,
    negations,
    negations,
  )
  .map(([of, pieces, isNegated, ignoresCase, escapes]) => {
    const pattern = pieces.join('');
    return {
      text: `${named(of)} ${word(isNegated)}${ignoresCase ? 'ilike' : 'LIKE'} ${quoted(pattern)}${escapes ? " escape '!'" : ''}`,
      evaluate: (row) => {
        const own = row[of.name] ?? null;
        if (own === null) return null;
        const [text, like] = [String(own), pattern].map((one) =>
          Array.from(ignoresCase ? one.toLowerCase() : one),
        ) as [string[], string[]];
        return given(isNegated, isLike(text, like, escapes ? '!' : null));
      },
    };
  });
const tests: fc.Arbitrary<OracleCondition> = fc.oneof(
  fc.tuple(fc.constantFrom(...TABLE), negations).map(([of, isNegated]) => ({
    text: `${named(of)} IS ${word(isNegated)}null`,
    evaluate: (row: Row) => ((row[of.name] ?? null) === null) !== isNegated,
  })),
  fc.tuple(negations).map(([isNegated]) => ({
    text: `x is ${word(isNegated)}nan`,
    evaluate: (row: Row) => Number.isNaN(row['x']) !== isNegated,
  })),
  fc.tuple(negations, negations).map(([isNegated, truth]) => ({
    text: `ok is ${word(isNegated)}${truth}`,
    evaluate: (row: Row) => (row['ok'] === truth) !== isNegated,
  })),
  fc.constant({ text: BOOLEAN.name, evaluate: (row: Row) => (row['ok'] ?? null) as Truth }),
  fc.boolean().map((truth) => ({
    text: `ok <> ${truth}`,
    evaluate: (row: Row) => compare(row['ok'] ?? null, '<>', truth),
  })),
);

const simple = fc.oneof(comparisons, columnComparisons, memberships, ranges, patterns, tests);

export const conditions: fc.Arbitrary<OracleCondition> = fc.letrec<{ tree: OracleCondition }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    simple,
    tie('tree').map(({ text, evaluate }) => ({ text: `not (${text})`, evaluate: (row: Row) => not(evaluate(row)) })),
    fc.tuple(fc.constantFrom('and', 'OR'), fc.array(tie('tree'), { minLength: 2, maxLength: 3 })).map(([joint, parts]) => ({
      text: parts.map(({ text }) => `(${text})`).join(` ${joint} `),
      evaluate: (row: Row) => (joint === 'and' ? and : or)(parts.map((part) => part.evaluate(row))),
    })),
  ),
})).tree; // prettier-ignore
