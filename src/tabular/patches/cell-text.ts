import { parseType, type ColumnType } from '../values/column-type.js';

const WHOLE = /^[+-]?\d+$/;
const DECIMAL = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)$/;
const NOT_FINITE = new Set(['NaN', 'Infinity', '-Infinity']);

/** What a column takes of JSON, as a text that DuckDB can make a value of; `null`: it does not fit. */
export type CellReader = (value: NonNullable<unknown>) => string | null;

const string: CellReader = (value) => (typeof value === 'string' ? value : null);
const json: CellReader = (value) => JSON.stringify(value);
const nested: CellReader = (value) => (typeof value === 'object' ? JSON.stringify(value) : null);

const READERS: { [K in ColumnType['kind']]: CellReader } = {
  integer: (value) => wholeNumber(value),
  bignum: (value) => wholeNumber(value),
  // Which digits there may be, its scale says: `cellReader`.
  decimal: (value) => plainNumber(value),
  float: (value) =>
    typeof value === 'number' || NOT_FINITE.has(value as string) ? String(value as number) : null,
  boolean: (value) => (typeof value === 'boolean' ? String(value) : null),
  text: string,
  date: string,
  timestamp: string,
  time: string,
  timetz: string,
  uuid: string,
  list: nested,
  struct: nested,
  other: (value) => (typeof value === 'object' ? JSON.stringify(value) : string(value)),
};

/** Also in quotes: 64-bit integers are answered so. */
const wholeNumber: CellReader = (value) => {
  if (typeof value === 'number') return Number.isSafeInteger(value) ? String(value) : null;
  return typeof value === 'string' && WHOLE.test(value) ? value : null;
};

/** Without an exponent, which would hide digits that are cut off. */
const plainNumber: CellReader = (value) => {
  const text = typeof value === 'number' ? String(value) : value;
  return typeof text === 'string' && DECIMAL.test(text) ? text : null;
};

/** For a column of this type. Whether the text is in its range, DuckDB finds out. */
export function cellReader(type: string): CellReader {
  const parsed = parseType(type);
  if (type === 'JSON') return json;
  if (parsed.kind !== 'decimal') return READERS[parsed.kind];
  const { scale } = parsed;
  return (value) => {
    const text = plainNumber(value);
    const digits = text?.split('.')[1]?.replace(/0+$/, '').length ?? 0;
    return digits > scale ? null : text;
  };
}

/** SQL of a value of the type, from the expression of its text; null where the text is none. */
export function typedSql(text: string, type: string): string {
  if (type === 'BLOB') return `TRY(from_base64(${text}))`;
  const { kind } = parseType(type);
  const isNested = kind === 'list' || kind === 'struct' || /^(MAP|UNION)\(/.test(type);
  return `TRY_CAST(${isNested ? `TRY_CAST(${text} AS JSON)` : text} AS ${type})`;
}
