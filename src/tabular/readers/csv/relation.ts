import type { Column, Relation } from '../../../core/contracts/dataset-reader.contract.js';
import { quoteIdentifier, quoteLiteral } from '../../values/quote.js';
import { unusedName } from '../../values/unused-name.js';
import type { Dialect } from './dialect.js';
import { LONGEST_LINE, styleOf } from './rewrite.js';

/** What DuckDB has to know of a file: read as it is, or as `rewrite` leaves it. */
export interface Source {
  path: string;
  compression: Dialect['compression'];
  delimiter: string;
  quote: string;
  newline: '\\n' | '\\r' | '\\r\\n';
  /** Lines above the first row. */
  skip: number;
  /** A row is longer than DuckDB expects. */
  long: boolean;
}

/** A character that a file of one column hardly has; if it has, the scan fails and the file is rewritten. */
const NO_DELIMITER = '\x1e';
const NEWLINES = { lf: '\\n', cr: '\\r', crlf: '\\r\\n', mixed: '\\n' } as const;

export const directSource = (path: string, dialect: Dialect): Source => ({
  path,
  compression: dialect.compression,
  delimiter: dialect.delimiter ?? NO_DELIMITER,
  quote: dialect.quote ?? '',
  newline: NEWLINES[dialect.newline],
  skip: dialect.skipLines + (dialect.header ? 1 : 0),
  long: false,
});

export const rewrittenSource = (path: string, dialect: Dialect, long: boolean): Source => ({
  path,
  compression: 'none',
  delimiter: styleOf(dialect).delimiter,
  quote: styleOf(dialect).quote,
  newline: '\\n',
  skip: 0,
  long,
});

/** Each option is said: what DuckDB guesses by itself differs from file to file. */
export function readCsv(source: Source, dialect: Dialect, columns: readonly Column[]): string {
  const types = columns.map(({ name, type }) => `${quoteLiteral(name)}: ${quoteLiteral(type)}`);
  const options = [
    quoteLiteral(source.path),
    'auto_detect = false',
    'header = false',
    `compression = ${quoteLiteral(source.compression)}`,
    `delim = ${quoteLiteral(source.delimiter)}`,
    `quote = ${quoteLiteral(source.quote)}`,
    `escape = ${quoteLiteral(source.quote)}`,
    `new_line = ${quoteLiteral(source.newline)}`,
    `skip = ${source.skip}`,
    `columns = {${types.join(', ')}}`,
  ];
  if (dialect.nullText.length > 0) {
    options.push(`nullstr = [${['', ...dialect.nullText].map(quoteLiteral).join(', ')}]`);
  }
  if (dialect.decimal === ',') options.push(`decimal_separator = ','`);
  // Four bytes for a character at most; a smaller buffer keeps the threads busy.
  if (source.long) {
    options.push(`max_line_size = ${4 * LONGEST_LINE}`, `buffer_size = ${8 * LONGEST_LINE}`);
  }
  return `read_csv(${options.join(', ')})`;
}

export const NOT_WHOLE = 'This is no whole number that can be read exactly: ';

/**
 * DuckDB reads 1.5 as the whole number 2 when the rows before had none but whole numbers. So they are
 * read as DOUBLE, and those that are whole, and small enough to be exact, become BIGINT: as fast, and
 * a fraction is an error, upon which `relax` widens the column.
 */
export function checkedBigint(name: string): string {
  const value = quoteIdentifier(name);
  // An error of NULL is NULL.
  return (
    `CASE WHEN ${value} = trunc(${value}) AND ${value} BETWEEN -9007199254740991 AND 9007199254740991 ` +
    `THEN CAST(${value} AS BIGINT) ELSE CAST(error(${quoteLiteral(NOT_WHOLE)} || ${value}) AS BIGINT) END AS ${value}`
  );
}

/** The table, its rows numbered. */
export function relationOf(source: Source, dialect: Dialect, columns: readonly Column[]): Relation {
  const rowIndex = unusedName('row_index', columns);
  const wide = new Set(dialect.wide);
  const isChecked = ({ name, type }: Column): boolean =>
    type === 'BIGINT' && !dialect.checked && !wide.has(name);
  const read = columns.map((column) =>
    isChecked(column) ? { ...column, type: 'DOUBLE' } : column,
  );
  const shown = columns.map((column) =>
    isChecked(column) ? checkedBigint(column.name) : quoteIdentifier(column.name),
  );
  const from = readCsv(source, dialect, read);
  return {
    sql: `(SELECT row_number() OVER () - 1 AS ${quoteIdentifier(rowIndex)}, ${shown.join(', ')} FROM ${from})`,
    rowIndex: quoteIdentifier(rowIndex),
    unnumbered: `(SELECT ${shown.join(', ')} FROM ${from})`,
  };
}
