import { open } from 'node:fs/promises';
import { JsonRows, NameNumbers, type RowListener, type Shape } from './json-rows.js';
import type { JsonScan } from './json-scan.js';

const OBJECT = 0x7b;
const ARRAY = 0x5b;
const NEWLINE = 0x0a;
const SPACE = 0x20;

export interface LinesPlan {
  shape: Shape;
  made: JsonScan['made'];
  /** Names of members: the n-th becomes `c<n>`. */
  keys: readonly string[];
}

/** Bytes that grow as they are written. */
class Output {
  private bytes = Buffer.allocUnsafe(4 * 1024 * 1024);
  length = 0;

  append(source: Buffer, start: number, end: number): void {
    const after = this.length + end - start;
    if (after > this.bytes.length) {
      const larger = Buffer.allocUnsafe(Math.max(after, 2 * this.bytes.length));
      this.bytes.copy(larger, 0, 0, this.length);
      this.bytes = larger;
    }
    source.copy(this.bytes, this.length, start, end);
    this.length = after;
  }

  /** Strings can't have line ends, values around them can: there they may as well be spaces. */
  joinLines(from: number): void {
    for (let at = from; at < this.length; at++) {
      if (this.bytes[at] === NEWLINE) this.bytes[at] = SPACE;
    }
  }

  take(): Buffer {
    const taken = this.bytes.subarray(0, this.length);
    this.length = 0;
    return taken;
  }
}

const START = Buffer.from('{');
const END = Buffer.from('}\n');

/** Turns rows into lines of `{"c0":…,"c1":…}`, which any name and any shape can be read by. */
class LineMaker implements RowListener {
  readonly rows: JsonRows;
  private readonly out = new Output();
  /** What of the text is held: the piece at hand and, before it, a row that goes on in it. */
  private window: Buffer = Buffer.alloc(0);
  private windowStart = 0;
  private rowStart = -1;
  private rowLine = 0;
  private first = 0;
  private column = 0;
  private memberStart = 0;
  private members = 0;
  private readonly columns: number[] = [];
  private readonly starts: number[] = [];
  private readonly ends: number[] = [];
  /** By column: which member of the row is its last. */
  private readonly last: number[] = [];
  private readonly prefixes: Buffer[] = [];
  private readonly numbers: NameNumbers;

  constructor(private readonly plan: LinesPlan) {
    this.rows = new JsonRows(plan.shape, this);
    const columns = new Map(plan.keys.map((key, at) => [key, at]));
    this.numbers = new NameNumbers(this.rows.splitter, (name) => columns.get(name) ?? -1);
  }

  /** The lines of the rows that end in the piece. Good until the next call. */
  push(piece: Buffer): Buffer {
    const { splitter } = this.rows;
    if (this.rowStart < 0) {
      this.window = piece;
      this.windowStart = splitter.offset;
    } else {
      const begun = this.window.subarray(this.rowStart - this.windowStart);
      this.window = Buffer.concat([begun, piece]);
      this.windowStart = this.rowStart;
    }
    splitter.push(piece);
    return this.out.take();
  }

  finish(): Buffer {
    this.rows.finish();
    return this.out.take();
  }

  row(first: number, offset: number): void {
    this.first = first;
    this.rowStart = offset;
    this.rowLine = this.rows.splitter.line;
    this.members = 0;
    this.column = -1;
  }

  key(bytes: Buffer, from: number, to: number): void {
    this.column = this.numbers.of(bytes, from, to);
  }

  member(_first: number, offset: number): void {
    if (this.first === ARRAY) this.column++;
    this.memberStart = offset;
  }

  memberEnd(offset: number): void {
    this.add(this.column, this.memberStart, offset);
  }

  rowEnd(offset: number): void {
    if (this.plan.made === 'values') {
      this.members = 0;
      this.add(0, this.rowStart, offset);
    } else if (this.first !== OBJECT && this.first !== ARRAY) this.members = 0;
    this.writeLine();
    this.rowStart = -1;
  }

  private add(column: number, start: number, end: number): void {
    const at = this.members++;
    this.columns[at] = column;
    this.starts[at] = start;
    this.ends[at] = end;
    this.last[column] = at;
  }

  private writeLine(): void {
    const { out, window, windowStart } = this;
    const from = out.length;
    let prefix = 0;
    out.append(START, 0, 1);
    for (let at = 0; at < this.members; at++) {
      const column = this.columns[at] as number;
      // Of a name that comes twice, the last value counts, as in JSON.parse.
      if (column < 0 || this.last[column] !== at) continue;
      const text = (this.prefixes[column] ??= Buffer.from(`,"c${column}":`));
      // The first has no comma.
      out.append(text, 1 - prefix, text.length);
      prefix = 1;
      const start = (this.starts[at] as number) - windowStart;
      out.append(window, start, (this.ends[at] as number) - windowStart);
    }
    if (this.rows.splitter.line !== this.rowLine) out.joinLines(from);
    out.append(END, 0, 2);
  }
}

/**
 * Writes the rows of a text as JSON lines, each `{"c0":…}`.
 * @throws UnreadableTableError
 */
export async function writeLines(
  text: AsyncIterable<Buffer>,
  plan: LinesPlan,
  path: string,
): Promise<void> {
  const file = await open(path, 'w');
  try {
    const maker = new LineMaker(plan);
    for await (const piece of text) await file.appendFile(maker.push(piece));
    await file.appendFile(maker.finish());
  } finally {
    await file.close();
  }
}
