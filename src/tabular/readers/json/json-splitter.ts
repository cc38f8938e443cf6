import { UnreadableTableError } from '../../tabular.errors.js';

/** Levels of arrays and objects. Deeper text ends the process in parsers that recur. */
export const MAX_DEPTH = 100;

const enum Kind {
  Scalar,
  Space,
  Quote,
  Open,
  Close,
  Comma,
  Colon,
}
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const NEWLINE = 0x0a;
const SPACE = 0x20;
const OBJECT = 0x7b;
const ARRAY = 0x5b;

const KINDS = new Uint8Array(256);
for (const byte of [0x20, 0x09, 0x0d, NEWLINE]) KINDS[byte] = Kind.Space;
KINDS[QUOTE] = Kind.Quote;
KINDS[OBJECT] = KINDS[ARRAY] = Kind.Open;
KINDS[0x7d] = KINDS[0x5d] = Kind.Close;
KINDS[0x2c] = Kind.Comma;
KINDS[0x3a] = Kind.Colon;
/** What a value that is neither string nor container can begin with; `N` and `I` of NaN and Infinity. */
const SCALAR_STARTS = new Set(Buffer.from('-0123456789tfnNI'));

/** Told of what is found, in the order of the text. Offsets are of the whole text, in bytes. */
export interface JsonEvents {
  /** A value begins: `first` is its first byte, `depth` how many containers it is in. */
  begin(depth: number, first: number, offset: number): void;
  /** Behind its last byte. */
  end(depth: number, offset: number): void;
  /** The name of the member that begins next: what stands between its quotes, at a place of a buffer. */
  key(depth: number, bytes: Buffer, from: number, to: number): void;
}

/**
 * Finds where values begin and end in JSON text that comes in pieces, down to a depth that is told; of
 * what lies deeper it checks brackets, quotes and depth. Several values may follow one another, as in
 * JSON lines. What a number or word is, is checked by whoever parses the values.
 */
export class JsonSplitter {
  /** Bytes that were given. */
  offset = 0;
  /** Line of the byte that is looked at, from 1 on. */
  line = 1;
  /** There is an integer of 16 digits and more, or an exponent of three: a double may not hold it. */
  longNumbers = false;
  private lineStart = 0;
  private readonly stack = new Uint8Array(MAX_DEPTH + 1);
  private depth = 0;
  private inString = false;
  private isKey = false;
  private escaped = false;
  private inScalar = false;
  private digits = 0;
  private fraction = false;
  private exponent = false;
  /** What may come: a value; a name; a colon; a comma or the end. */
  private expects: 'value' | 'first' | 'name' | 'first-name' | 'colon' | 'next' = 'value';
  /** The start of a name that the piece before began. */
  private keyParts: Buffer[] = [];

  /** @param watched values in more containers than this are not told of */
  constructor(
    private readonly events: JsonEvents,
    private readonly watched: number,
  ) {}

  /** @throws UnreadableTableError with line and position */
  push(piece: Buffer): void {
    let at = 0;
    while (at < piece.length) {
      if (this.inString) at = this.string(piece, at);
      else if (this.inScalar) at = this.scalar(piece, at);
      else if (piece[at] === SPACE) at++;
      else this.structure(piece[at] as number, at++);
    }
    this.offset += piece.length;
  }

  /** @throws UnreadableTableError for a text that ends too early */
  finish(): void {
    if (this.inScalar) this.endScalar(0);
    if (this.inString || this.depth > 0) this.fail('The file ends in the middle of a value', 0);
  }

  fail(detail: string, at: number): never {
    const position = this.offset + at - this.lineStart + 1;
    throw new UnreadableTableError(`${detail} (line ${this.line}, byte ${position}).`, {
      line: this.line,
      position,
    });
  }

  private structure(byte: number, at: number): void {
    switch (KINDS[byte]) {
      case Kind.Space:
        if (byte === NEWLINE) this.newline(at);
        return;
      case Kind.Quote:
        return this.quote(at);
      case Kind.Open:
        return this.open(byte, at);
      case Kind.Close:
        return this.close(byte, at);
      case Kind.Comma:
        return this.comma(at);
      case Kind.Colon:
        if (this.expects !== 'colon') this.fail('A colon where none can be', at);
        this.expects = 'value';
        return;
      default:
        this.startScalar(byte, at);
    }
  }

  private comma(at: number): void {
    if (this.expects !== 'next' || this.depth === 0) this.fail('A comma where none can be', at);
    this.expects = this.stack[this.depth] === OBJECT ? 'name' : 'value';
  }

  private startScalar(byte: number, at: number): void {
    if (!SCALAR_STARTS.has(byte)) this.fail('Something that is no JSON', at);
    this.value(byte, at);
    this.inScalar = true;
    this.digits = byte >= 0x30 && byte <= 0x39 ? 1 : 0;
    this.fraction = this.exponent = false;
  }

  private newline(at: number): void {
    this.line++;
    this.lineStart = this.offset + at + 1;
  }

  private value(first: number, at: number): void {
    const separate = this.depth === 0 && this.expects === 'next';
    if (!separate && this.expects !== 'value' && this.expects !== 'first') {
      this.fail('A value where none can be', at);
    }
    if (this.depth <= this.watched) this.events.begin(this.depth, first, this.offset + at);
  }

  private ended(at: number): void {
    this.expects = 'next';
    if (this.depth <= this.watched) this.events.end(this.depth, this.offset + at);
  }

  private quote(at: number): void {
    this.isKey = this.expects === 'name' || this.expects === 'first-name';
    if (!this.isKey) this.value(QUOTE, at);
    this.inString = true;
  }

  private open(byte: number, at: number): void {
    this.value(byte, at);
    if (this.depth === MAX_DEPTH) this.fail(`More than ${MAX_DEPTH} levels of nesting`, at);
    this.stack[++this.depth] = byte;
    this.expects = byte === OBJECT ? 'first-name' : 'first';
  }

  private close(byte: number, at: number): void {
    // In ASCII the closing bracket comes two behind the opening one.
    const fits = this.depth > 0 && this.stack[this.depth] === byte - 2;
    const may =
      this.expects === 'next' || this.expects === 'first' || this.expects === 'first-name';
    if (!fits || !may) this.fail('A closing bracket where none can be', at);
    this.depth--;
    this.ended(at + 1);
  }

  private string(piece: Buffer, from: number): number {
    let at = from;
    if (this.escaped) {
      this.escaped = false;
      at++;
    }
    for (; at < piece.length; at++) {
      const byte = piece[at] as number;
      if (byte === QUOTE) break;
      if (byte === BACKSLASH) {
        if (++at === piece.length) this.escaped = true;
      } else if (byte < 0x20) this.fail('A control character inside a string', at);
    }
    if (at >= piece.length) {
      if (this.isKey && this.depth <= this.watched) this.keyParts.push(piece.subarray(from));
      return piece.length;
    }
    this.endString(piece, from, at);
    return at + 1;
  }

  private endString(piece: Buffer, from: number, at: number): void {
    this.inString = false;
    if (!this.isKey) return this.ended(at + 1);
    this.expects = 'colon';
    if (this.depth > this.watched) return;
    if (this.keyParts.length === 0) return this.events.key(this.depth, piece, from, at);
    const whole = Buffer.concat([...this.keyParts, piece.subarray(from, at)]);
    this.keyParts = [];
    this.events.key(this.depth, whole, 0, whole.length);
  }

  private scalar(piece: Buffer, from: number): number {
    for (let at = from; at < piece.length; at++) {
      const byte = piece[at] as number;
      if (KINDS[byte] !== Kind.Scalar) {
        this.endScalar(at);
        return at;
      }
      if (byte >= 0x30 && byte <= 0x39) this.digits++;
      else if (byte === 0x2e) this.fraction = true;
      else if ((byte | 0x20) === 0x65) this.exponentBegins();
    }
    return piece.length;
  }

  private endScalar(at: number): void {
    this.inScalar = false;
    const long = this.exponent ? this.digits > 2 : this.digits > 15 && !this.fraction;
    if (long) this.longNumbers = true;
    this.ended(at);
  }

  private exponentBegins(): void {
    this.exponent = true;
    this.digits = 0;
  }
}
