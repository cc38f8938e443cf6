/** What the text of a cell is. Finer than the types of columns, for telling headers and dialects. */
export type CellType =
  | 'empty'
  | 'integer'
  | 'code'
  | 'large'
  | 'decimal'
  | 'comma'
  | 'boolean'
  | 'date'
  | 'timestamp'
  | 'zoned'
  | 'time'
  | 'other'
  | 'text';

/** No cell that is more than text is longer. */
const LONGEST = 64;

// Each in linear time: no two neighbouring parts can match the same characters.
const INTEGER = /^[+-]?\d+$/;
const LEADING_ZERO = /^[+-]?0\d/;
const DECIMAL = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?$/;
const COMMA = /^[+-]?(?:\d{1,3}(?:\.\d{3})*|\d+),\d+(?:[eE][+-]?\d+)?$/;
const NOT_FINITE = /^[+-]?(?:nan|inf|infinity)$/i;
const BOOLEAN = /^(?:true|false)$/i;
const DATE = /^(\d{4})(?:-(\d{1,2})-|\/(\d{1,2})\/)(\d{1,2})$/;
const TIMESTAMP =
  /^(\d{4})(?:-(\d\d)-|\/(\d\d)\/)(\d\d)[ T](?:[01]\d|2[0-3]):[0-5]\d(?::[0-5]\d(?:\.\d{1,6})?)?(Z|[+-]\d\d(?::\d\d)?)?$/;
const TIME = /^(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{1,6})?$/;
/** Dates as people write them, addresses, amounts, shares: text, but no accident. */
const OTHER = [
  /^\d{1,4}[./-]\d{1,2}[./-]\d{1,4}$/,
  /^\d{1,2}:\d\d(?: ?[AaPp][Mm])?$/,
  /^\d{1,2}[./]\d{1,2}[./]\d{2,4} \d{1,2}:\d\d(?::\d\d)?$/,
  /^(?:https?|ftp):\/\/\S+$/,
  /^[\w.+-]+@[\w-]+\.[\w.-]+$/,
  /^[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}$/i,
  /^\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}$/,
  /^[$€£¥] ?[+-]?\d[\d.,]*$/,
  /^[+-]?\d[\d.,]* ?(?:%|€|\$|£|kg|km|cm|mm)$/,
];

const LARGEST = 9_223_372_036_854_775_807n;

function isDay(year: string, month: string, day: string): boolean {
  const [y, m, d] = [Number(year), Number(month), Number(day)];
  return (
    m >= 1 && m <= 12 && d >= 1 && d <= new Date(Date.UTC(2000 + (y % 400), m, 0)).getUTCDate()
  );
}

function numberType(cell: string): CellType | null {
  const text = cell.trim();
  if (INTEGER.test(text)) {
    if (LEADING_ZERO.test(text)) return 'code';
    if (text.length < 16) return 'integer';
    const value = BigInt(text);
    if (value <= LARGEST && value >= -LARGEST) return 'integer';
    return text.length <= 38 ? 'large' : 'text';
  }
  if (DECIMAL.test(text)) return LEADING_ZERO.test(text) ? 'code' : 'decimal';
  return COMMA.test(text) ? 'comma' : null;
}

function timeType(cell: string): CellType | null {
  const date = DATE.exec(cell);
  if (date) return isDay(date[1]!, date[2] ?? date[3]!, date[4]!) ? 'date' : null;
  const stamp = TIMESTAMP.exec(cell);
  if (stamp) {
    if (!isDay(stamp[1]!, stamp[2] ?? stamp[3]!, stamp[4]!)) return null;
    return stamp[5] ? 'zoned' : 'timestamp';
  }
  return TIME.test(cell) ? 'time' : null;
}

export function typeOfCell(cell: string): CellType {
  if (cell === '') return 'empty';
  if (cell.length > LONGEST) return 'text';
  const first = cell.charCodeAt(0);
  const looksTyped = first < 58 || cell.length < 6 || NOT_FINITE.test(cell);
  if (looksTyped) {
    const type = numberType(cell) ?? timeType(cell);
    if (type) return type;
    if (BOOLEAN.test(cell)) return 'boolean';
  }
  return OTHER.some((pattern) => pattern.test(cell)) ? 'other' : 'text';
}

export interface ColumnTypes {
  types: string[];
  /** Columns of whole numbers beyond what a DOUBLE holds. */
  wide: boolean[];
  decimal: '.' | ',';
  /** Words that stand for no value. */
  nullText: string[];
}

/** Words that are no value where numbers or dates are expected. */
const NULL_WORDS = new Set(['NA', 'N/A', 'n/a', '#N/A', 'NULL', 'null', 'None', '\\N', '-', '?']);

interface Seen {
  types: Map<CellType, number>;
  nullWords: Set<string>;
  /** A whole number that a DOUBLE rounds. */
  inexact: boolean;
  nan: boolean;
}

const isSafe = (cell: string): boolean => cell.length < 16 || Number.isSafeInteger(Number(cell));

function look(cells: Iterable<string | undefined>): Seen {
  const seen: Seen = { types: new Map(), nullWords: new Set(), inexact: false, nan: false };
  for (const cell of cells) {
    if (cell === undefined || cell === '') continue;
    if (NULL_WORDS.has(cell)) {
      seen.nullWords.add(cell);
      continue;
    }
    if (NOT_FINITE.test(cell)) {
      seen.nan = true;
      continue;
    }
    const type = typeOfCell(cell);
    seen.types.set(type, (seen.types.get(type) ?? 0) + 1);
    if (type === 'integer' || type === 'large') seen.inexact ||= !isSafe(cell);
  }
  return seen;
}

const EXACT: readonly [type: string, allowed: readonly CellType[]][] = [
  ['BIGINT', ['integer']],
  ['HUGEINT', ['integer', 'large']],
  ['BOOLEAN', ['boolean']],
  ['DATE', ['date']],
  ['TIMESTAMP', ['date', 'timestamp']],
  ['TIMESTAMP WITH TIME ZONE', ['zoned']],
  ['TIME', ['time']],
];

/** The logical type that all of them are; each step up holds the values of the one below exactly. */
function typeOf(seen: Seen, decimal: '.' | ','): string {
  const types = [...seen.types.keys()];
  const only = (...allowed: CellType[]): boolean => types.every((type) => allowed.includes(type));
  if (types.length === 0) return 'VARCHAR';
  const exact = seen.nan ? undefined : EXACT.find(([, allowed]) => only(...allowed));
  if (exact) return exact[0];
  const fraction = decimal === ',' ? 'comma' : 'decimal';
  return only('integer', fraction) && !seen.inexact ? 'DOUBLE' : 'VARCHAR';
}

/**
 * The types of columns, from rows of them. A word such as NA is no value only where it does not stand
 * in a column of text.
 * @param commas whether a comma may be a decimal point: it isn't the delimiter
 */
export function typesOfColumns(
  rows: readonly (readonly string[])[],
  width: number,
  commas: boolean,
  given: { decimal?: '.' | ','; nullText?: string[] } = {},
): ColumnTypes {
  const seen = Array.from({ length: width }, (_, column) =>
    look(valuesOf(rows, column, given.nullText)),
  );
  const count = (type: CellType): number =>
    seen.filter(({ types }) => (types.get(type) ?? 0) > 0).length;
  const decimal = given.decimal ?? (commas && count('comma') > count('decimal') ? ',' : '.');
  const types = seen.map((column) => typeOf(column, decimal));
  const nullText = given.nullText ?? nullWordsOf(seen, types);
  seen.forEach(({ nullWords }, at) => {
    if ([...nullWords].some((word) => !nullText.includes(word))) types[at] = 'VARCHAR';
  });
  const wide = seen.map(({ inexact }, at) => types[at] === 'BIGINT' && inexact);
  return { types, wide, decimal, nullText };
}

function* valuesOf(
  rows: readonly (readonly string[])[],
  column: number,
  nullText: readonly string[] = [],
): Generator<string | undefined> {
  for (const row of rows) {
    const cell = row[column];
    if (cell === undefined || !nullText.includes(cell)) yield cell;
  }
}

function nullWordsOf(seen: readonly Seen[], types: readonly string[]): string[] {
  const inText = new Set<string>();
  const inValues = new Set<string>();
  seen.forEach(({ nullWords }, at) => {
    for (const word of nullWords) (types[at] === 'VARCHAR' ? inText : inValues).add(word);
  });
  return [...inValues].filter((word) => !inText.has(word));
}
