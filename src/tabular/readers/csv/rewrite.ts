import { createWriteStream } from 'node:fs';
import { readFile, rename, stat, writeFile } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import type { RejectedRows } from '../../../core/contracts/dataset-reader.contract.js';
import { UnreadableTableError } from '../../tabular.errors.js';
import { syntaxOf, type Dialect } from './dialect.js';
import { unpacked } from './sample.js';
import { isLong } from './shape.js';
import { isBlank } from './sniff.js';
import { RowReader, type Row } from './syntax.js';

/** What came out. */
export interface Rewritten {
  rejected: RejectedRows;
  /** Rows that were filled up with empty cells. */
  short: number;
  /** Characters that were malformed: they are U+FFFD now. */
  malformed: number;
  /** Characters of the longest row. */
  longest: number;
}

export const LONGEST_LINE = 16 * 1024 * 1024;
const LISTED = 1000;
const LISTED_TEXT = 1000;
/** A packed content that grows by more than this, and beyond 64 MiB, is a bomb. */
const RATIO = 200;
const HARMLESS = 64 * 1024 * 1024;
const BLOCK = 1024 * 1024;

/**
 * Writes a CSV of any dialect as DuckDB reads it best: UTF-8, LF, doubled quotes, no header, as
 * many cells in each row as there are columns. In one pass, in memory for the longest row.
 * @param width columns
 * @throws UnreadableTableError for a damaged packing, a bomb, a line of more than 16 MiB
 */
export async function rewrite(
  from: string,
  to: string,
  dialect: Dialect,
  width: number,
): Promise<Rewritten> {
  const writer = new RowWriter(dialect, width);
  const text = textOf(from, dialect, writer.result);
  await pipeline(writer.write(text), createWriteStream(`${to}.part`, { highWaterMark: BLOCK }));
  await writeFile(`${to}.json`, JSON.stringify(writer.result));
  await rename(`${to}.part`, to);
  return writer.result;
}

export function refuseLine(line: number): never {
  throw new UnreadableTableError(
    `Line ${line} is longer than 16 MiB, or a quote that it opens is not closed within them.`,
    { line },
  );
}

/** What `rewrite` has said of a file that it wrote. */
export const rewrittenResult = async (path: string): Promise<Rewritten> =>
  JSON.parse(await readFile(`${path}.json`, 'utf8')) as Rewritten;

/** The decoded text, in pieces of which none ends between CR and LF. */
async function* textOf(
  path: string,
  dialect: Dialect,
  result: Rewritten,
): AsyncGenerator<string, void, void> {
  const decoder = new TextDecoder(dialect.encoding);
  const { size } = await stat(path);
  let bytes = 0;
  let held = '';
  for await (const chunk of unpacked(path, dialect.compression)) {
    bytes += chunk.length;
    if (dialect.compression !== 'none' && bytes > HARMLESS && bytes > size * RATIO) {
      throw new UnreadableTableError(
        `It is packed more than ${RATIO} : 1. Such a content is not unpacked.`,
      );
    }
    const text = held + decoder.decode(chunk, { stream: true });
    held = text.endsWith('\r') ? '\r' : '';
    yield counted(held ? text.slice(0, -1) : text, result);
  }
  yield counted(held + decoder.decode(), result);
}

function counted(text: string, result: Rewritten): string {
  for (let at = text.indexOf('\ufffd'); at >= 0; at = text.indexOf('\ufffd', at + 1)) {
    result.malformed += 1;
  }
  return text;
}

class RowWriter {
  readonly result: Rewritten = {
    rejected: { count: 0, rows: [] },
    short: 0,
    malformed: 0,
    longest: 0,
  };
  private readonly reader: RowReader;
  private text = '';
  /** Rows that may yet turn out to be the footer. */
  private readonly held: { row: Row; raw: string }[] = [];
  private readonly style: Style;
  private toSkip: number;
  private header: boolean;

  constructor(
    private readonly dialect: Dialect,
    private readonly width: number,
  ) {
    this.reader = new RowReader(syntaxOf(dialect));
    this.style = styleOf(dialect);
    this.toSkip = dialect.skipLines;
    this.header = dialect.header;
  }

  async *write(source: AsyncIterable<string>): AsyncGenerator<string, void, void> {
    for await (const piece of source) {
      this.text += piece;
      if (this.text.length < BLOCK && piece !== '') continue;
      yield this.rowsOf(false);
    }
    yield this.rowsOf(true);
    const lines = this.lines - this.dialect.footerLines;
    const rows = this.held.filter(({ row }) => row.line <= lines);
    yield rows.map(({ row, raw }) => this.formatted(row, () => raw)).join('');
  }

  /** Lines of the content, as far as it was read. */
  private get lines(): number {
    return this.reader.line - 1 + (this.endsOpen ? 1 : 0);
  }
  private endsOpen = false;

  private rowsOf(last: boolean): string {
    this.skip(last);
    if (this.toSkip > 0) return '';
    this.endsOpen = last && this.text.length > 0 && !/[\r\n]$/.test(this.text.slice(-1));
    this.reader.feed(this.text, last);
    let result = '';
    for (let row = this.reader.next(); row; row = this.reader.next()) result += this.take(row);
    this.text = this.reader.rest;
    if (this.text.length > LONGEST_LINE) refuseLine(this.reader.line);
    return result;
  }

  /** What is above the table is no CSV: quotes mean nothing there. */
  private skip(last: boolean): void {
    let from = 0;
    const ends = syntaxOf(this.dialect).loneCr ? /\r\n?|\n/g : /\r?\n/g;
    while (this.toSkip > 0) {
      ends.lastIndex = from;
      const end = ends.exec(this.text);
      if (!end) {
        if (last) [this.toSkip, from] = [0, this.text.length];
        else if (this.text.length - from > LONGEST_LINE) refuseLine(this.reader.line);
        break;
      }
      from = ends.lastIndex;
      this.toSkip -= 1;
      this.reader.line += 1;
    }
    this.text = this.text.slice(from);
  }

  /** @returns the text that is to be written now */
  private take(row: Row): string {
    if (row.end - row.start > LONGEST_LINE) refuseLine(row.line);
    if (isBlank(row) && (this.width > 1 || this.header)) return '';
    if (this.header) {
      this.header = false;
      return '';
    }
    const raw = (): string => this.text.slice(row.start, row.end);
    if (this.dialect.footerLines === 0) return this.formatted(row, raw);
    this.held.push({ row, raw: raw() });
    if (this.held.length <= this.dialect.footerLines) return '';
    const first = this.held.shift()!;
    return this.formatted(first.row, () => first.raw);
  }

  private formatted({ cells, line, faults }: Row, raw: () => string): string {
    const { result, width } = this;
    if (isLong(cells, width)) {
      result.rejected.count += 1;
      if (result.rejected.rows.length < LISTED) {
        const reason = `It has ${cells.length} cells, not ${width}.`;
        result.rejected.rows.push({ line, reason, text: withoutEnd(raw().slice(0, LISTED_TEXT)) });
      }
      return '';
    }
    if (cells.length < width) result.short += 1;
    const { delimiter, quote } = this.style;
    // Most rows are as they should be: copied, not put together again.
    const isSame = this.style.isTheirs && faults === 0 && cells.length === width;
    let text = isSame ? withoutEnd(raw()) : '';
    if (!isSame || text.includes('\r')) {
      text = cells
        .slice(0, width)
        .map((cell) => this.quoted(cell))
        .join(delimiter);
      text += delimiter.repeat(Math.max(0, width - cells.length));
    }
    if (width === 1 && text === quote + quote) text = '';
    if (text.length > result.longest) result.longest = text.length;
    return `${text}\n`;
  }

  private quoted(cell: string): string {
    const { delimiter, quote } = this.style;
    const needs =
      cell.includes(delimiter) ||
      cell.includes(quote) ||
      cell.includes('\n') ||
      cell.includes('\r') ||
      cell.startsWith(' ') ||
      cell.endsWith(' ');
    return needs ? quote + cell.replaceAll(quote, quote + quote) + quote : cell;
  }
}

const withoutEnd = (line: string): string => {
  let end = line.length;
  if (line[end - 1] === '\n') end -= 1;
  if (line[end - 1] === '\r') end -= 1;
  return line.slice(0, end);
};

export interface Style {
  delimiter: string;
  quote: string;
  /** Whether the content is written so itself. */
  isTheirs: boolean;
}

/** How `rewrite` writes: as the content is, if DuckDB reads that; else commas and doubled quotes. */
export function styleOf({ delimiter, quote, escape }: Dialect): Style {
  return delimiter !== null && quote !== null && escape === quote
    ? { delimiter, quote, isTheirs: true }
    : { delimiter: ',', quote: '"', isTheirs: false };
}
