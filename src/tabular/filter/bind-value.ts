import { InvalidFilterError } from '../tabular.errors.js';
import type { ColumnType } from '../values/column-type.js';
import {
  forDuckDb,
  formatDate,
  formatTime,
  formatTimestamp,
  type Infinite,
  isTimeWithZone,
  NANOSECONDS_OF_DAY,
  parseDate,
  parseTime,
  parseTimestamp,
} from '../values/temporal.js';
import type { BoundSql, Literal } from './filter.types.js';
import type { Resolved } from './resolve.js';
import { cast, type Scaled, scaledBy, scaledNumber, type Unit } from './scaled.js';
import { shortened } from './tokens.js';

/** A value as a column can be compared with it. */
export type BoundValue =
  { kind: 'sql'; value: BoundSql } | { kind: 'scaled'; value: Scaled; unit: Unit };

const NUMBER = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,3})?$/;
const UUID = /^[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}$/i;
/** As the answers write them. */
const NOT_FINITE = new Map([
  ['nan', 'NaN'],
  ['infinity', 'Infinity'],
  ['-infinity', '-Infinity'],
]);

const sql = (value: string, type: string): BoundValue => ({
  kind: 'sql',
  value: cast(value, type),
});

/**
 * Makes a value one of a column's type, in this process: a wrong one is told by its place, not by
 * the engine in the middle of a scan.
 * @throws InvalidFilterError
 */
export function bindValue(column: Resolved, literal: Literal): BoundValue {
  const { type } = column;
  switch (type.kind) {
    case 'integer':
    case 'bignum':
    case 'decimal':
      return { kind: 'scaled', ...wholeNumber(column, literal) };
    case 'float':
      return sql(floatOf(column, type.name, literal), type.name);
    case 'date':
    case 'timestamp':
    case 'time':
      return moment(column, literal);
    default:
      return plain(column, literal);
  }
}

/** What each takes: its type's name, a value as it has it or `null` for none, and what to say then. */
const PLAIN: Partial<
  Record<ColumnType['kind'], [string, (literal: Literal) => string | null, string]>
> = {
  boolean: [
    'BOOLEAN',
    (literal) => (literal.kind === 'boolean' ? String(literal.value) : null),
    'true or false',
  ],
  text: [
    'VARCHAR',
    (literal) => (literal.kind === 'string' ? literal.text : null),
    'a text in single quotes',
  ],
  timetz: [
    'TIME WITH TIME ZONE',
    (literal) =>
      isText(literal, 'time') && isTimeWithZone(literal.text)
        ? literal.text.trim().replace(/z$/i, '+00')
        : null,
    "a time such as '12:30:00+01:00'",
  ],
  uuid: [
    'UUID',
    (literal) => (literal.kind === 'string' && UUID.test(literal.text) ? literal.text : null),
    "a UUID such as 'f81d4fae-7dec-11d0-a765-00a0c91e6bf6'",
  ],
};

function plain(column: Resolved, literal: Literal): BoundValue {
  const taken = PLAIN[column.type.kind];
  if (!taken) throw notComparable(column);
  const [type, read, wanted] = taken;
  const value = read(literal);
  if (value === null) throw unfit(column, literal, wanted);
  return sql(value, type);
}

export const notComparable = ({ name, typeName, position }: Resolved): InvalidFilterError =>
  new InvalidFilterError(
    `${shortened(name)} is of type ${shortened(typeName)}: such values can only be asked for with is null and is not null.`,
    position,
  );

function unfit(column: Resolved, literal: Literal, wanted: string): InvalidFilterError {
  const { name, typeName } = column;
  return new InvalidFilterError(
    `${written(literal)} is no value for ${shortened(name)} of type ${shortened(typeName)}: that takes ${wanted}.`,
    literal.position,
  );
}

function written(literal: Literal): string {
  if (literal.kind === 'boolean') return String(literal.value);
  const text = shortened(literal.text);
  if (literal.kind === 'number') return text;
  return literal.kind === 'string' ? `'${text}'` : `${literal.kind} '${text}'`;
}

/** A text, or one that says to be of the given type. */
function isText(
  literal: Literal,
  ...types: Literal['kind'][]
): literal is Literal & { text: string } {
  return literal.kind === 'string' || types.includes(literal.kind);
}

/** Numbers in quotes are numbers, too: 64-bit integers and decimals are answered so. */
function numberOf(column: Resolved, literal: Literal): string {
  if (literal.kind === 'number') return literal.text;
  if (literal.kind === 'string' && NUMBER.test(literal.text)) return literal.text;
  throw unfit(column, literal, 'a number');
}

function wholeNumber(column: Resolved, literal: Literal): { value: Scaled; unit: Unit } {
  const { type } = column;
  const text = numberOf(column, literal);
  if (type.kind === 'decimal') {
    const { width, scale } = type;
    const max = 10n ** BigInt(width) - 1n;
    const constant = (value: bigint): BoundSql =>
      cast(withPoint(value, scale), `DECIMAL(${width}, ${scale})`);
    return { value: scaledNumber(text, scale), unit: { min: -max, max, constant } };
  }
  const value = scaledNumber(text, 0);
  const unit =
    type.kind === 'integer'
      ? { min: type.min, max: type.max, name: type.name }
      : { min: value.floor, max: value.floor, name: 'BIGNUM' };
  return { value, unit: { ...unit, constant: (whole) => cast(String(whole), unit.name) } };
}

function withPoint(value: bigint, scale: number): string {
  const digits = String(value < 0n ? -value : value).padStart(scale + 1, '0');
  const at = digits.length - scale;
  const point = scale > 0 ? `.${digits.slice(at)}` : '';
  return `${value < 0n ? '-' : ''}${digits.slice(0, at)}${point}`;
}

function floatOf(column: Resolved, type: 'FLOAT' | 'DOUBLE', literal: Literal): string {
  const special = literal.kind === 'string' && NOT_FINITE.get(literal.text.toLowerCase());
  if (special) return special;
  const number = Number(numberOf(column, literal));
  const value = type === 'FLOAT' ? Math.fround(number) : number;
  if (!Number.isFinite(value)) throw unfit(column, literal, 'a number within its range');
  return String(value);
}

/** Days, seconds or parts of seconds: what is finer than the column's unit lies between two of its values. */
function moment(column: Resolved, literal: Literal): BoundValue {
  const { type } = column;
  if (type.kind === 'time') {
    const time = isText(literal, 'time') ? parseTime(literal.text) : null;
    if (time === null) throw unfit(column, literal, "a time such as '12:30:00'");
    const value = scaledBy(time, 10n ** BigInt(9 - type.digits));
    const constant = (units: bigint): BoundSql => cast(formatTime(units, type.digits), type.name);
    const max = 86_400n * 10n ** BigInt(type.digits);
    return { kind: 'scaled', value, unit: { min: 0n, max, constant } };
  }
  const parsed = isText(literal, 'date', 'timestamp') ? instantOf(literal) : null;
  if (parsed === null) {
    const wanted =
      type.kind === 'date' ? "a day such as '2020-01-31'" : `a time such as ${EXAMPLE}`;
    throw unfit(column, literal, wanted);
  }
  const unit = type.kind === 'date' ? DAYS : secondsUnit(type as Timestamp);
  if (typeof parsed !== 'bigint') {
    return { kind: 'sql', value: parsed === 'infinity' ? unit.beyond.above : unit.beyond.below };
  }
  return { kind: 'scaled', value: scaledBy(parsed, unit.nanoseconds), unit };
}

const EXAMPLE = "'2020-01-31 12:30:00'";

function instantOf(literal: Literal & { text: string }): bigint | Infinite | null {
  if (literal.kind !== 'date') return parseTimestamp(literal.text);
  const days = parseDate(literal.text);
  return typeof days === 'bigint' ? days * NANOSECONDS_OF_DAY : days;
}

type MomentUnit = Unit & Required<Pick<Unit, 'beyond'>> & { nanoseconds: bigint };
type Timestamp = Extract<Resolved['type'], { kind: 'timestamp' }>;

const beyond = (type: string): MomentUnit['beyond'] => ({
  above: cast('infinity', type),
  below: cast('-infinity', type),
});

const DAYS: MomentUnit = {
  nanoseconds: NANOSECONDS_OF_DAY,
  min: -2_147_483_646n,
  max: 2_147_483_646n,
  constant: (days) => cast(forDuckDb(formatDate(days)), 'DATE'),
  beyond: beyond('DATE'),
};

/** The first and the last instant that DuckDB can read, in microseconds. */
const FIRST = -9_223_372_022_400_000_000n;
const LAST = 9_223_372_036_854_775_806n;

function secondsUnit({ name, digits, hasZone }: Timestamp): MomentUnit {
  const perMicrosecond = 10n ** BigInt(Math.max(0, 6 - digits));
  // Of nanoseconds 64 bits are 292 years.
  const [first, last] = digits === 9 ? [-9_223_286_400_000_000_000n, LAST] : [FIRST, LAST];
  return {
    nanoseconds: 10n ** BigInt(9 - digits),
    min: first / perMicrosecond,
    max: last / perMicrosecond,
    constant: (units) =>
      cast(forDuckDb(formatTimestamp(units, digits)) + (hasZone ? '+00' : ''), name),
    beyond: beyond(name),
  };
}
