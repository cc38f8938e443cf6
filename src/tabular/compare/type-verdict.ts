import { VERDICTS, type Verdict } from './dto/schema-diff.dto.js';
import { type DuckDbType, type Field, parseType } from './duckdb-type.js';

export const worst = (verdicts: readonly Verdict[]): Verdict =>
  VERDICTS[Math.max(0, ...verdicts.map((verdict) => VERDICTS.indexOf(verdict)))] as Verdict;

/**
 * What a change of a type means. The rules are those of Iceberg's type promotion (int to long, float to
 * double, more digits of a decimal, date to timestamp) and of Avro's schema resolution (int to double, more symbols of an
 * enum), as far as DuckDB's cast gives every value back: so not Avro's long to double, which loses digits
 * beyond 2^53, and no number to text. Dates beyond the year 294246 have no timestamp.
 */
export function typeVerdict(from: string, to: string): Verdict {
  if (from === to) return 'identical';
  try {
    return verdictOf(parseType(from), parseType(to));
  } catch (error) {
    // A type that a later engine has invented: all that is known is that it is another.
    if (error instanceof SyntaxError) return 'breaking';
    throw error;
  }
}

function verdictOf(from: DuckDbType, to: DuckDbType): Verdict {
  if (JSON.stringify(from) === JSON.stringify(to)) return 'identical';
  return nestedVerdict(from, to) ?? (isWider(from, to) ? 'widening' : 'breaking');
}

/** `null` when they are not both lists, maps, structs or unions. */
function nestedVerdict(from: DuckDbType, to: DuckDbType): Verdict | null {
  if (from.is === 'list' && to.is === 'list') return listVerdict(from, to);
  if (from.is === 'map' && to.is === 'map')
    return worst([verdictOf(from.key, to.key), verdictOf(from.value, to.value)]);
  if (from.is === 'struct' && to.is === 'struct') return fieldsVerdict(from.fields, to.fields);
  if (from.is !== 'union' || to.is !== 'union') return null;
  // A member more is a value that a reader of the earlier type does not know.
  const verdict = fieldsVerdict(from.fields, to.fields);
  return verdict === 'compatible' ? 'widening' : verdict;
}

function listVerdict(
  from: Extract<DuckDbType, { is: 'list' }>,
  to: Extract<DuckDbType, { is: 'list' }>,
): Verdict {
  const element = verdictOf(from.element, to.element);
  if (from.size === to.size) return element;
  return worst([element, to.size === null ? 'widening' : 'breaking']);
}

function fieldsVerdict(from: readonly Field[], to: readonly Field[]): Verdict {
  const later = new Map(to.map(({ name, type }) => [name, type]));
  const verdicts = from.map(({ name, type }): Verdict => {
    const other = later.get(name);
    return other ? verdictOf(type, other) : 'breaking';
  });
  const isSameList =
    from.length === to.length && from.every(({ name }, index) => to[index]?.name === name);
  return worst([...verdicts, isSameList ? 'identical' : 'compatible']);
}

interface Integer {
  /** Of a value; an unsigned one has them all for the number. */
  bits: number;
  isSigned: boolean;
  /** Of the greatest. */
  digits: number;
}

const INTEGERS: Readonly<Record<string, Integer>> = {
  TINYINT: { bits: 8, isSigned: true, digits: 3 },
  SMALLINT: { bits: 16, isSigned: true, digits: 5 },
  INTEGER: { bits: 32, isSigned: true, digits: 10 },
  BIGINT: { bits: 64, isSigned: true, digits: 19 },
  HUGEINT: { bits: 128, isSigned: true, digits: 39 },
  UTINYINT: { bits: 8, isSigned: false, digits: 3 },
  USMALLINT: { bits: 16, isSigned: false, digits: 5 },
  UINTEGER: { bits: 32, isSigned: false, digits: 10 },
  UBIGINT: { bits: 64, isSigned: false, digits: 20 },
  UHUGEINT: { bits: 128, isSigned: false, digits: 39 },
};

/** Bits of a whole number that every value of the type keeps. */
const FLOATS: Readonly<Record<string, number>> = { FLOAT: 24, DOUBLE: 53 };

/** Others that lose nothing. */
const WIDER: Readonly<Record<string, readonly string[]>> = {
  FLOAT: ['DOUBLE'],
  DATE: ['TIMESTAMP'],
  TIMESTAMP_S: ['TIMESTAMP'],
  TIMESTAMP_MS: ['TIMESTAMP'],
  JSON: ['VARCHAR'],
};

function isWider(from: DuckDbType, to: DuckDbType): boolean {
  if (from.is === 'enum') return isWiderEnum(from.values, to);
  if (from.is === 'decimal') return to.is === 'decimal' && isWiderDecimal(from, to);
  if (from.is !== 'plain') return false;
  // A column that is only null.
  if (from.name === 'NULL') return true;
  const integer = INTEGERS[from.name];
  if (to.is === 'decimal') return integer !== undefined && digitsOf(to) >= integer.digits;
  if (to.is !== 'plain') return false;
  if (integer) return isWiderInteger(integer, to.name);
  return (WIDER[from.name] ?? []).includes(to.name);
}

const isWiderEnum = (values: readonly string[], to: DuckDbType): boolean =>
  to.is === 'enum'
    ? values.every((value) => to.values.includes(value))
    : to.is === 'plain' && to.name === 'VARCHAR';

type Decimal = Extract<DuckDbType, { is: 'decimal' }>;

/** Before the point. */
const digitsOf = ({ precision, scale }: Decimal): number => precision - scale;

const isWiderDecimal = (from: Decimal, to: Decimal): boolean =>
  to.scale >= from.scale && digitsOf(to) >= digitsOf(from);

function isWiderInteger(from: Integer, to: string): boolean {
  const bits = from.isSigned ? from.bits - 1 : from.bits;
  const other = INTEGERS[to];
  if (!other) return bits <= (FLOATS[to] ?? 0);
  if (other.isSigned) return other.bits - 1 >= bits;
  return !from.isSigned && other.bits >= bits;
}
