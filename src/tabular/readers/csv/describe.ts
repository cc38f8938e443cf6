import { isAscii } from 'node:buffer';
import { open } from 'node:fs/promises';
import type {
  LocalContent,
  TableDescription,
} from '../../../core/contracts/dataset-reader.contract.js';
import { UnreadableTableError } from '../../tabular.errors.js';
import { typesOfColumns } from './cell-types.js';
import { columnNames } from './column-names.js';
import { checkGiven, type Dialect, type Given } from './dialect.js';
import { bomOf, detectEncoding } from './encoding.js';
import { LONGEST_LINE, refuseLine } from './rewrite.js';
import { compressionOf, readSample, type Sample } from './sample.js';
import { footerOf, isLong, shapeOf, type Shape } from './shape.js';
import { isBlank, readRows, sniff, type Known } from './sniff.js';
import type { Row, Syntax } from './syntax.js';

export const MOST_COLUMNS = 10_000;

interface Text {
  head: string;
  tail: string | null;
  complete: boolean;
  encoding: string;
  bom: boolean;
}

/** @throws UnreadableTableError, InvalidReadOptionsError */
export async function describeCsv(
  content: LocalContent,
  options: Readonly<Record<string, unknown>>,
): Promise<TableDescription> {
  const given = checkGiven(options);
  const compression = given.compression ?? (await foundCompression(content.path));
  let sample = await readSample(content.path, compression);
  let text = decode(sample, given.encoding);
  if (!text.complete && !/[\r\n][^]*[\r\n]/.test(text.head)) {
    sample = await readSample(content.path, compression, true);
    text = decode(sample, given.encoding);
  }
  refuseBinary(text.head);
  const { syntax, score } = sniff(text.head, text.complete, knownOf(given));
  const rows = headRows(text, syntax);
  const shape = shapeOf(rows, given);
  if (shape.width > MOST_COLUMNS) {
    throw new UnreadableTableError(
      `It has ${shape.width.toLocaleString('en')} columns; at most ${MOST_COLUMNS.toLocaleString('en')} can be read.`,
      { line: shape.header?.line ?? 1 },
    );
  }
  const unread = text.complete ? 0 : text.head.length - rows.at(-1)!.end;
  if (unread > LONGEST_LINE) refuseLine(rows.at(-1)!.nextLine);
  return describe({ text, syntax, score, shape, rows, given, compression, unread });
}

async function foundCompression(path: string): Promise<Dialect['compression']> {
  const file = await open(path, 'r');
  try {
    return compressionOf((await file.read(Buffer.alloc(4), 0, 4, 0)).buffer);
  } finally {
    await file.close();
  }
}

function decode(sample: Sample, given: string | undefined): Text {
  const { head, tail, complete } = sample;
  const judged = tail && isAscii(head) ? Buffer.concat([head, tail]) : head;
  const bom = bomOf(head);
  const found = given
    ? { encoding: given, bom: bom?.encoding === given ? bom.bom : 0 }
    : detectEncoding(judged);
  return {
    // What the end has cut is left out.
    head: new TextDecoder(found.encoding).decode(head, { stream: !complete }),
    tail: tail && new TextDecoder(found.encoding).decode(tail),
    complete,
    encoding: found.encoding,
    bom: found.bom > 0,
  };
}

/** Control characters that no text has. */
// oxlint-disable-next-line no-control-regex -- they are what is looked for
const CONTROL = /[\0\x02-\x08\x0e-\x1a\ufffd]/g;

export function isBinary(text: string): boolean {
  const part = text.slice(0, 64 * 1024);
  return (part.match(CONTROL)?.length ?? 0) > part.length / 20;
}

function refuseBinary(text: string): void {
  if (isBinary(text))
    throw new UnreadableTableError('Its bytes are no text in any known encoding.');
}

function knownOf(given: Given): Known {
  const { delimiter, quote, escape, comment, newline } = given;
  return {
    ...(delimiter !== undefined && { delimiter }),
    ...(quote !== undefined && { quote }),
    ...(escape !== undefined && { escape }),
    ...(comment !== undefined && { comment }),
    ...(newline !== undefined && { loneCr: newline === 'cr' || newline === 'mixed' }),
  };
}

/** Rows of the head, which is longer than the longest row. */
function headRows(text: Text, syntax: Syntax): Row[] {
  const rows = readRows(text.head, syntax, text.complete);
  if (rows.length > 0) return rows;
  if (!text.complete) refuseLine(1);
  return readRows(text.head, syntax, true);
}

/** A row that goes on for so long is none that DuckDB's own limit allows. */
const LONG_ROW = 1_000_000;

interface Found {
  text: Text;
  syntax: Syntax;
  score: number;
  shape: Shape;
  rows: readonly Row[];
  given: Given;
  compression: Dialect['compression'];
  /** Characters of the head after its last whole row. */
  unread: number;
}

function describe(found: Found): TableDescription {
  const { text, syntax, shape, given } = found;
  const end = endOf(found);
  const footerLines = given.footerLines ?? end.footerLines;
  const body = [...shape.rows.filter((row) => row.line < end.before), ...end.rows];
  const isShort = (row: Row): boolean => row.cells.length < shape.width;
  const short = body.filter(isShort).length;
  const odd = short + body.filter((row) => isLong(row.cells, shape.width) || row.faults > 0).length;
  const isEmpty = shape.header === null && shape.rows.every(isBlank);
  const named = columnNames(shape.header?.cells ?? null, shape.width);
  const typed = typesOfColumns(
    body.map((row) => row.cells),
    shape.width,
    syntax.delimiter !== ',',
    given,
  );
  const newline = given.newline ?? newlineOf(text.head, syntax, found.rows);
  const comment =
    given.comment !== undefined ? given.comment : commentBelow(text.head, shape, syntax);
  const dialect: Dialect = {
    encoding: text.encoding,
    bom: text.bom,
    compression: found.compression,
    delimiter: syntax.delimiter,
    quote: syntax.quote,
    escape: syntax.escape,
    newline,
    header: shape.header !== null,
    skipLines: shape.skipLines,
    footerLines,
    comment,
    nullText: typed.nullText,
    decimal: typed.decimal,
    confidence: Math.round(Math.min(1, found.score) * 100) / 100,
    rewritten: odd > 0 || text.head.includes('\ufffd') || found.unread > LONG_ROW,
    checked: false,
    wide: named.names.filter((_, at) => typed.wide[at]),
  };
  dialect.rewritten ||= !isDirect(dialect, text.head, shape);
  return {
    format: 'csv',
    columns: (isEmpty ? [] : named.names).map((name, at) => ({ name, type: typed.types[at]! })),
    rowCount: null,
    options: { ...dialect },
    warnings: [...warningsOf(dialect, short, text.head.includes('\ufffd')), ...named.warnings],
  };
}

interface End {
  footerLines: number;
  /** Rows of the head from this line on are of the footer. */
  before: number;
  /** Rows of the tail. */
  rows: readonly Row[];
}

/** Where the table ends: in the head, or in the tail when that reads well. */
function endOf({ text, syntax, shape, rows }: Found): End {
  if (text.complete) {
    const below = rows.filter((row) => row.line >= shape.firstLine);
    const line = footerOf(below, shape.width);
    return { footerLines: linesFrom(line, rows, text.head), before: line ?? Infinity, rows: [] };
  }
  const nothing = { footerLines: 0, before: Infinity, rows: [] };
  const from = text.tail?.search(/[\r\n]/) ?? -1;
  if (from < 0) return nothing;
  const tail = text.tail!.slice(from + 1);
  const tailRows = readRows(tail, syntax, true);
  const line = footerOf(tailRows, shape.width);
  const table = tailRows.filter((row) => !isBlank(row) && row.line < (line ?? Infinity));
  const fitting = table.filter((row) => row.cells.length === shape.width);
  // It may begin within quotes: then nothing of it is to be believed.
  if (fitting.length < table.length * 0.7) return nothing;
  return { ...nothing, footerLines: linesFrom(line, tailRows, tail), rows: table };
}

/** Lines from this one to the end of the rows. */
function linesFrom(line: number | null, rows: readonly Row[], text: string): number {
  if (line === null) return 0;
  const endsOpen = !/[\r\n]$/.test(text.slice(-1));
  return rows.at(-1)!.nextLine - line + (endsOpen ? 1 : 0);
}

function newlineOf(text: string, syntax: Syntax, rows: readonly Row[]): Dialect['newline'] {
  const ends = new Set<string>();
  for (const row of rows) {
    const last = text[row.end - 1];
    if (last === '\r') ends.add('cr');
    else if (last === '\n') ends.add(text[row.end - 2] === '\r' ? 'crlf' : 'lf');
  }
  if (ends.size > 1) return 'mixed';
  const [only] = ends;
  return (only as Dialect['newline'] | undefined) ?? (syntax.loneCr ? 'cr' : 'lf');
}

/** The comment mark, where there are comments below the first row: those above are skipped. */
function commentBelow(text: string, shape: Shape, syntax: Syntax): string | null {
  const { comment } = syntax;
  const start = shape.header ? shape.header.end - 1 : shape.rows[0]?.start;
  if (comment === null || start === undefined) return null;
  return text.includes(`\n${comment}`, start) || text.includes(`\r${comment}`, start)
    ? comment
    : null;
}

const startOfRows = ({ rows, header }: Shape): number => rows[0]?.start ?? header?.end ?? 0;

/** Whether DuckDB reads it as it is, at its own speed and as it is meant. */
function isDirect(dialect: Dialect, head: string, shape: Shape): boolean {
  const { quote, escape } = dialect;
  const above = head.slice(0, startOfRows(shape));
  const skipsQuotes = quote !== null && above.includes(quote);
  const isPlainHeader = dialect.skipLines === 0 && shape.firstLine === 2;
  const isWritten = dialect.encoding === 'utf-8' && dialect.newline !== 'mixed' && escape === quote;
  const isBare = dialect.footerLines === 0 && dialect.comment === null;
  return isWritten && isBare && (!skipsQuotes || isPlainHeader);
}

function warningsOf(dialect: Dialect, short: number, isMalformed: boolean): string[] {
  const warnings: string[] = [];
  const lines = (count: number): string => (count === 1 ? 'line' : `${count} lines`);
  if (dialect.skipLines > 0)
    warnings.push(`The first ${lines(dialect.skipLines)} are not part of the table.`);
  if (dialect.footerLines > 0)
    warnings.push(`The last ${lines(dialect.footerLines)} are not part of the table.`);
  if (dialect.comment !== null)
    warnings.push(`Lines that begin with ${dialect.comment} are comments.`);
  if (dialect.nullText.length > 0)
    warnings.push(`Read as no value: ${dialect.nullText.join(', ')}.`);
  if (short > 0)
    warnings.push('Some rows have fewer cells than there are columns: the others are empty.');
  if (isMalformed) warnings.push('It has malformed characters: each is read as U+FFFD.');
  if (dialect.confidence < 0.4) warnings.push('How it is written is a guess.');
  return warnings;
}
