/** How the rows of a text are told apart. */
export interface Syntax {
  /** One character; `null`: each line is one cell. */
  delimiter: string | null;
  quote: string | null;
  /** The quote itself: doubled quotes. A backslash: that. `null`: a quote can't be in a quoted cell. */
  escape: string | null;
  /** Lines that begin with it are no rows. */
  comment: string | null;
  /** Whether a CR that no LF follows ends a line. */
  loneCr: boolean;
}

export interface Row {
  cells: string[];
  /** Line of the text it begins in, from 1 on. */
  line: number;
  /** The line after it. */
  nextLine: number;
  /** Where it ends in the text, after its line end. */
  end: number;
  start: number;
  /** Cells that stood in quotes. */
  quoted: number;
  /** Cells with something between the closing quote and the delimiter, or a quote that never closes. */
  faults: number;
  /** Quotes within cells that are not quoted. */
  strays: number;
}

const LF = 10;
const CR = 13;
const SPACE = 32;
const BACKSLASH = 92;

/**
 * Reads rows off a text, each character once. Lenient: whatever the text is, rows come out, and say how
 * much was wrong. A backslash escapes quotes, itself, delimiters and line ends, and is itself before
 * anything else, so that paths and JSON survive.
 */
export class RowReader {
  position = 0;
  /** The line `position` is in. */
  line = 1;
  private text = '';
  private last = false;
  private readonly delimiter: number;
  private readonly quote: number;
  private readonly skipsBlanks: boolean;
  private row!: Row;
  /** Set when the text ended within a row. */
  private cut = false;

  constructor(private readonly syntax: Syntax) {
    this.delimiter = syntax.delimiter?.charCodeAt(0) ?? -1;
    this.quote = syntax.quote?.charCodeAt(0) ?? -1;
    this.skipsBlanks = this.delimiter !== SPACE;
  }

  /**
   * @param text what follows the rows that were read, beginning with the unread rest of the text before
   * @param last whether nothing follows
   */
  feed(text: string, last: boolean): this {
    this.text = text;
    this.last = last;
    this.position = 0;
    return this;
  }

  /** What has not been read. */
  get rest(): string {
    return this.text.slice(this.position);
  }

  /** The next row, blank lines included; `null` when the text ends before a row does. */
  next(): Row | null {
    while (this.position < this.text.length) {
      const { comment } = this.syntax;
      const isComment = comment !== null && this.text.startsWith(comment, this.position);
      const row = isComment ? this.skipLine() : this.readRow();
      if (this.cut) return null;
      if (row) return row;
    }
    return null;
  }

  private skipLine(): null {
    let at = this.position;
    while (at < this.text.length && !this.endsLine(at)) at += 1;
    this.cut = at >= this.text.length && !this.last;
    if (!this.cut) this.position = this.afterLine(at);
    return null;
  }

  private readRow(): Row | null {
    this.cut = false;
    const before = this.line;
    const start = this.position;
    this.row = {
      cells: [],
      line: before,
      nextLine: 0,
      start,
      end: 0,
      quoted: 0,
      faults: 0,
      strays: 0,
    };
    let at = start;
    for (;;) {
      at = this.readCell(at);
      if (this.cut) {
        this.line = before;
        return null;
      }
      if (at >= this.text.length || this.text.charCodeAt(at) !== this.delimiter) break;
      at += 1;
    }
    this.position = this.row.end = this.afterLine(at);
    this.row.nextLine = this.line;
    return this.row;
  }

  /** @returns where its delimiter or line end is */
  private readCell(from: number): number {
    let at = from;
    if (this.quote >= 0) {
      if (this.skipsBlanks) while (this.text.charCodeAt(at) === SPACE) at += 1;
      if (this.text.charCodeAt(at) === this.quote) return this.readQuoted(at + 1);
    }
    const end = this.findEnd(from);
    this.row.cells.push(this.plain(from, end));
    return end;
  }

  private plain(from: number, to: number): string {
    const cell = this.text.slice(from, to);
    return this.syntax.escape === '\\' && cell.includes('\\') ? this.unescape(cell) : cell;
  }

  private unescape(cell: string): string {
    let result = '';
    for (let at = 0; at < cell.length; at += 1) {
      const isEscape = cell.charCodeAt(at) === BACKSLASH && this.escapes(cell.charCodeAt(at + 1));
      if (isEscape) at += 1;
      result += cell[at] ?? '';
    }
    return result;
  }

  private escapes(code: number): boolean {
    return (
      code === BACKSLASH ||
      code === this.quote ||
      code === this.delimiter ||
      code === LF ||
      code === CR
    );
  }

  /** End of a cell without quotes. */
  private findEnd(from: number): number {
    const { text, delimiter, quote } = this;
    const escaping = this.syntax.escape === '\\';
    let at = from;
    for (; at < text.length; at += 1) {
      const code = text.charCodeAt(at);
      if (code === delimiter || ((code === LF || code === CR) && this.endsLine(at))) break;
      if (code === quote) this.row.strays += 1;
      if (code === BACKSLASH && escaping && this.escapes(text.charCodeAt(at + 1))) at += 1;
    }
    at = Math.min(at, text.length);
    if (at === text.length && !this.last) this.cut = true;
    return at;
  }

  private readQuoted(from: number): number {
    const { text } = this;
    const close = this.syntax.escape === '\\' ? this.closeAfterBackslashes(from) : this.close(from);
    if (this.cut) return from;
    this.row.quoted += 1;
    if (close < 0) {
      this.row.faults += 1;
      this.row.cells.push(this.content(from, text.length));
      this.countLines(from, text.length);
      return text.length;
    }
    let value = this.content(from, close);
    this.countLines(from, close);
    let at = close + 1;
    if (this.skipsBlanks) while (text.charCodeAt(at) === SPACE) at += 1;
    const end = this.findEnd(at);
    if (end > at) {
      this.row.faults += 1;
      value += this.plain(close + 1, end);
    }
    this.row.cells.push(value);
    return end;
  }

  /** The quote that closes, where a doubled one doesn't; -1: none. */
  private close(from: number): number {
    const quote = this.syntax.quote!;
    const doubled = this.syntax.escape === quote;
    let at = this.text.indexOf(quote, from);
    while (doubled && at >= 0 && this.text.charCodeAt(at + 1) === this.quote) {
      at = this.text.indexOf(quote, at + 2);
    }
    // A quote that the text ends with may be the first of two.
    if ((at < 0 || at === this.text.length - 1) && !this.last) this.cut = true;
    return at;
  }

  private closeAfterBackslashes(from: number): number {
    let at = from;
    while (at < this.text.length) {
      const code = this.text.charCodeAt(at);
      if (code === this.quote) return at;
      at += code === BACKSLASH ? 2 : 1;
    }
    this.cut = !this.last;
    return -1;
  }

  private content(from: number, to: number): string {
    const quote = this.syntax.quote!;
    const { escape } = this.syntax;
    const text = this.text.slice(from, to);
    if (escape === '\\') return text.includes('\\') ? this.unescape(text) : text;
    return escape === quote && text.includes(quote) ? text.replaceAll(quote + quote, quote) : text;
  }

  private countLines(from: number, to: number): void {
    for (let at = from; at < to; at += 1) {
      const code = this.text.charCodeAt(at);
      if ((code === LF || code === CR) && this.endsLine(at)) {
        this.line += 1;
        if (code === CR && this.text.charCodeAt(at + 1) === LF) at += 1;
      }
    }
  }

  private endsLine(at: number): boolean {
    const code = this.text.charCodeAt(at);
    if (code === LF) return true;
    if (code !== CR) return false;
    return this.syntax.loneCr || this.text.charCodeAt(at + 1) === LF;
  }

  /** @param at where the line ends */
  private afterLine(at: number): number {
    if (at >= this.text.length) return at;
    this.line += 1;
    return this.text.charCodeAt(at) === CR && this.text.charCodeAt(at + 1) === LF ? at + 2 : at + 1;
  }
}
