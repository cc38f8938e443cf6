import { RowReader, type Row, type Syntax } from './syntax.js';
import { typeOfCell } from './cell-types.js';

/** What is fixed before the sniffer begins. */
export type Known = Partial<Syntax>;

export interface Sniffed {
  syntax: Syntax;
  /** From 0 to 1: how much like a table the text is with it. */
  score: number;
}

/**
 * How likely a delimiter is before the text is seen. Blanks and colons are in all texts, times and
 * addresses: they need a text that fits much better with them than with any other.
 */
const DELIMITERS: readonly (readonly [string, number])[] = [
  [',', 1],
  ['\t', 1],
  [';', 1],
  ['|', 0.99],
  ['\x01', 0.98],
  ['\x1f', 0.98],
  ['^', 0.96],
  ['~', 0.96],
  [':', 0.7],
  [' ', 0.6],
];
const QUOTES = ['"', "'"] as const;

/** Characters that are looked at: what more of a text would tell is little. */
const ENOUGH = 128 * 1024;
/** Rows whose cells are looked at. */
const ROWS = 400;
const CELLS = 20_000;

export function readRows(text: string, syntax: Syntax, complete: boolean): Row[] {
  const reader = new RowReader(syntax).feed(text, complete);
  const rows: Row[] = [];
  for (let row = reader.next(); row; row = reader.next()) rows.push(row);
  return rows;
}

export const isBlank = (row: Row): boolean =>
  row.cells.length === 1 && row.quoted === 0 && row.cells[0]!.trim() === '';

/**
 * Finds out how a text is cut into cells, as CleverCSV does (van den Burg, Nazábal, Sutton: Wrangling
 * messy CSV files by detecting row and type patterns, 2019): of all dialects that could be, the one in
 * which the rows are most alike and the cells most often something known.
 * @param text may be cut anywhere, unless it is `complete`
 */
export function sniff(text: string, complete: boolean, known: Known = {}): Sniffed {
  const part = text.length > ENOUGH ? text.slice(0, ENOUGH) : text;
  const whole = complete && part.length === text.length;
  const loneCr = known.loneCr ?? hasLoneCr(part);
  const comment = known.comment === undefined ? commentOf(part) : known.comment;
  let best: Sniffed | null = null;
  for (const [delimiter, prior] of delimitersOf(part, known)) {
    for (const [quote, escape] of quotesOf(part, delimiter, known)) {
      const syntax: Syntax = { delimiter, quote, escape, comment, loneCr };
      const score = scoreOf(part, syntax, whole, prior);
      if (!best || score > best.score) best = { syntax, score };
    }
  }
  return known.quote === undefined ? withQuote(best!, part) : best!;
}

/** Nothing is quoted so far: what is to come may be, in double quotes. */
function withQuote({ syntax, score }: Sniffed, text: string): Sniffed {
  const { delimiter, quote, escape } = syntax;
  const isUsed = quote !== null || escape !== null || quotesIn(text, delimiter).includes('"');
  return { syntax: isUsed ? syntax : { ...syntax, quote: '"', escape: '"' }, score };
}

function hasLoneCr(text: string): boolean {
  const all = text.split('\r').length - 1;
  const lone = all - (text.split('\r\n').length - 1);
  const lines = text.split('\n').length - 1;
  return lone > 0 && lone >= lines / 20;
}

/** A mark that some lines begin with, and most do not. */
function commentOf(text: string): string | null {
  const lines = text.split(/[\r\n]+/).slice(0, 1000);
  for (const mark of ['#', '%', '//']) {
    const marked = lines.filter((line) => line.startsWith(mark)).length;
    if (marked > 0 && marked < lines.length / 2) return mark;
    // A short table below a long introduction.
    if (
      marked > 0 &&
      marked < lines.length &&
      lines.findLastIndex((l) => l.startsWith(mark)) < marked
    )
      return mark;
  }
  return null;
}

function delimitersOf(text: string, known: Known): [string | null, number][] {
  if (known.delimiter !== undefined) return [[known.delimiter, 1]];
  return [
    [null, 1],
    ...DELIMITERS.filter(([delimiter]) => text.includes(delimiter)).map(
      ([delimiter, prior]): [string, number] => [delimiter, prior],
    ),
  ];
}

/** Pairs of quote and escape; none is always among them, for it is what is left when nothing is quoted. */
function quotesOf(
  text: string,
  delimiter: string | null,
  known: Known,
): [string | null, string | null][] {
  const quotes = known.quote === undefined ? quotesIn(text, delimiter) : [known.quote];
  return quotes.flatMap((quote): [string | null, string | null][] => {
    if (known.escape !== undefined) return [[quote, known.escape]];
    const backslash: [string | null, string | null] = [quote, '\\'];
    if (quote === null)
      return escapesPlain(text, delimiter) ? [[null, null], backslash] : [[null, null]];
    return text.includes(`\\${quote}`) ? [[quote, quote], backslash] : [[quote, quote]];
  });
}

const escapesPlain = (text: string, delimiter: string | null): boolean =>
  delimiter !== null && text.includes(`\\${delimiter}`);

function quotesIn(text: string, delimiter: string | null): (string | null)[] {
  const edge = delimiter ?? '\n';
  const found = QUOTES.filter(
    (quote) =>
      text.startsWith(quote) ||
      text.includes(edge + quote) ||
      text.includes(`\n${quote}`) ||
      text.includes(`\r${quote}`) ||
      text.includes(`${edge} ${quote}`),
  );
  return [...found, null];
}

function scoreOf(text: string, syntax: Syntax, complete: boolean, prior: number): number {
  let all = readRows(text, syntax, complete);
  // One row that is longer than what is looked at.
  if (all.length === 0) all = readRows(text, syntax, true);
  const rows = all.filter((row) => !isBlank(row));
  if (rows.length === 0) return 0;
  // A quote that never closes swallows the rest.
  const read = all.at(-1)!.end / text.length;
  const structure = syntax.delimiter === null ? ONE_COLUMN : structureOf(rows);
  if (structure.score === 0) return 0;
  const body = rows.slice(structure.from, structure.to);
  const sound = soundnessOf(body, rows);
  // Quotes that fit without a fault speak for the delimiters that they stand at.
  const fits = sound === 1 && rows.some((row) => row.quoted > 0);
  const likely = fits ? Math.sqrt(prior) : prior;
  return structure.score * cellsOf(body, syntax) * sound * likely * Math.min(1, read + 0.1);
}

interface Structure {
  score: number;
  from: number;
  to: number;
}

const ONE_COLUMN: Structure = { score: 0.5, from: 0, to: Infinity };

/** How alike the rows are, and which of them are the table. */
function structureOf(rows: readonly Row[]): Structure {
  const counts = new Map<number, number>();
  for (const { cells } of rows) counts.set(cells.length, (counts.get(cells.length) ?? 0) + 1);
  let best: Structure = { score: 0, from: 0, to: 0 };
  for (const [width, count] of counts) {
    // Rare widths can't win; leaving them out keeps this linear.
    if (width < 2 || count < rows.length / 20) continue;
    const from = rows.findIndex(({ cells }) => cells.length === width);
    const to = rows.findLastIndex(({ cells }) => cells.length === width) + 1;
    const alike = count / (to - from);
    const share = (to - from) / rows.length;
    const score = alike ** 2 * share ** 0.4 * Math.sqrt((width - 1) / width);
    if (score > best.score) best = { score, from, to };
  }
  return best;
}

/** Share of cells that are something known, and of text that is no sign of a wrong cut. */
function cellsOf(body: readonly Row[], { delimiter, quote }: Syntax): number {
  let sum = 0;
  let count = 0;
  for (const { cells } of body.slice(0, ROWS)) {
    if (count > CELLS) break;
    for (const cell of cells) {
      sum += worthOf(cell, delimiter, quote);
      count += 1;
    }
  }
  return sum / count;
}

function worthOf(cell: string, delimiter: string | null, quote: string | null): number {
  const type = typeOfCell(cell.trim());
  if (type === 'comma') return delimiter === ',' ? 1 : 0.95;
  if (type === 'empty') return 0.75;
  if (type !== 'text') return 1;
  if (isHalfQuoted(cell, quote)) return 0.1;
  if (delimiter === null) return 0.5;
  if (delimiter === ' ' || delimiter === ':') return 0.6;
  if (cell.startsWith(' ') || cell.endsWith(' ')) return 0.5;
  return OTHER_DELIMITERS.some((other) => other !== delimiter && cell.includes(other)) ? 0.6 : 0.85;
}

const OTHER_DELIMITERS = [';', '\t', '|', '\x01', '\x1f'];

/** A quote at one end or both that is not the dialect's: the cut is wrong, or the quote is. */
function isHalfQuoted(cell: string, quote: string | null): boolean {
  const first = cell[0];
  const last = cell.at(-1);
  return QUOTES.some((other) => {
    if (other === quote) return false;
    const opens = first === other;
    const closes = last === other;
    return other === "'" ? opens && closes && cell.length > 1 : opens || closes;
  });
}

/** Falls with what is wrong about quotes. */
function soundnessOf(body: readonly Row[], rows: readonly Row[]): number {
  let faults = 0;
  let quoted = 0;
  for (const row of rows) {
    faults += row.faults;
    quoted += row.quoted;
  }
  const strays = body.reduce((sum, row) => sum + Math.min(row.strays, 2), 0);
  // A quote that is used is worth something: without it the same cells would hold the quotes.
  const sound = 1 / (1 + (4 * faults) / Math.max(1, quoted));
  return sound / (1 + (0.6 * strays) / Math.max(1, body.length));
}
