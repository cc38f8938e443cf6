import { InvalidReadOptionsError } from '../../tabular.errors.js';
import { ENCODINGS } from './encoding.js';
import type { Compression } from './sample.js';
import type { Syntax } from './syntax.js';

/** `TableDescription.options` of a CSV: how it is written. */
export interface Dialect {
  /** One of ENCODINGS. */
  encoding: string;
  /** Whether it begins with a byte order mark. */
  bom: boolean;
  compression: Compression;
  /** One character; `null`: one column. */
  delimiter: string | null;
  quote: string | null;
  /** The quote, for doubled quotes, or a backslash. */
  escape: string | null;
  newline: 'lf' | 'crlf' | 'cr' | 'mixed';
  header: boolean;
  /** Lines above the header, or above the first row where there is none. */
  skipLines: number;
  /** Lines below the last row. */
  footerLines: number;
  /** Lines that begin with it, between the rows. */
  comment: string | null;
  /** Words that are no value. What is empty never is one. */
  nullText: string[];
  decimal: '.' | ',';
  /** From 0 to 1: how sure the delimiter and the quote are. */
  confidence: number;
  /** Whether it is written anew to be read, as DuckDB can't read it as it is. */
  rewritten: boolean;
  /** Whether all rows are known to be of the columns' types. */
  checked: boolean;
  /** Columns of whole numbers that are too large to be checked while they are read. */
  wide: string[];
}

/** What a user may say. */
export type Given = Partial<Omit<Dialect, 'bom' | 'confidence' | 'rewritten' | 'checked' | 'wide'>>;

const isCharacter = (value: unknown): boolean =>
  typeof value === 'string' && value.length === 1 && !'\r\n\\\ufeff'.includes(value);
const isCharacterOrNull = (value: unknown): boolean => value === null || isCharacter(value);
const oneOf =
  (...values: unknown[]) =>
  (value: unknown): boolean =>
    values.includes(value);
const isCount =
  (most: number) =>
  (value: unknown): boolean =>
    Number.isInteger(value) && (value as number) >= 0 && (value as number) <= most;

/** Lines that may be cut off at the end: they are held in memory. */
export const MOST_FOOTER_LINES = 1000;

const OPTIONS: Record<keyof Given, [test: (value: unknown) => boolean, expected: string]> = {
  encoding: [oneOf(...ENCODINGS), `one of ${ENCODINGS.join(', ')}`],
  compression: [oneOf('none', 'gzip', 'zstd'), 'none, gzip or zstd'],
  delimiter: [isCharacterOrNull, 'one character, or null for a single column'],
  quote: [isCharacterOrNull, 'one character, or null for none'],
  escape: [
    (value) => value === '\\' || isCharacterOrNull(value),
    'the quote, a backslash, or null for none',
  ],
  newline: [oneOf('lf', 'crlf', 'cr', 'mixed'), 'lf, crlf, cr or mixed'],
  header: [oneOf(true, false), 'true or false'],
  skipLines: [isCount(1_000_000), 'a whole number up to 1,000,000'],
  footerLines: [isCount(MOST_FOOTER_LINES), `a whole number up to ${MOST_FOOTER_LINES}`],
  comment: [
    (value) => value === null || (typeof value === 'string' && /^[^\s]{1,8}$/u.test(value)),
    'up to eight characters, or null for none',
  ],
  nullText: [
    (value) =>
      Array.isArray(value) &&
      value.length <= 20 &&
      value.every((v) => typeof v === 'string' && v.length <= 100),
    'a list of up to 20 words',
  ],
  decimal: [oneOf('.', ','), 'a point or a comma'],
};

/** @throws InvalidReadOptionsError that names all faults */
export function checkGiven(given: Readonly<Record<string, unknown>>): Given {
  const faults: Record<string, string> = {};
  for (const [name, value] of Object.entries(given)) {
    const rule = Object.hasOwn(OPTIONS, name) ? OPTIONS[name as keyof Given] : undefined;
    if (!rule) faults[name] = 'There is no such option.';
    else if (!rule[0](value)) faults[name] = `It must be ${rule[1]}.`;
  }
  Object.assign(faults, { ...clashesOf(given), ...faults });
  if (Object.keys(faults).length > 0) throw new InvalidReadOptionsError(faults);
  return given;
}

/** Options that are possible each, and not together. */
function clashesOf(given: Readonly<Record<string, unknown>>): Record<string, string> {
  const faults: Record<string, string> = {};
  const { quote, escape, delimiter, decimal } = given;
  if (
    typeof escape === 'string' &&
    escape !== '\\' &&
    typeof quote === 'string' &&
    escape !== quote
  ) {
    faults.escape = 'It must be the quote, a backslash, or null for none.';
  }
  if (typeof delimiter === 'string' && (delimiter === quote || delimiter === decimal)) {
    faults.delimiter = 'It must not be the quote or the decimal point, too.';
  }
  return faults;
}

export const syntaxOf = (dialect: Dialect): Syntax => ({
  delimiter: dialect.delimiter,
  quote: dialect.quote,
  escape: dialect.escape,
  comment: dialect.comment,
  loneCr: dialect.newline === 'cr' || dialect.newline === 'mixed',
});
