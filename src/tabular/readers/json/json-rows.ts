import { InvalidReadOptionsError, UnreadableTableError } from '../../tabular.errors.js';
import { JsonSplitter, type JsonEvents } from './json-splitter.js';

const OBJECT = 0x7b;
const ARRAY = 0x5b;

/** Where the rows of a text are. */
export type Shape =
  /** One value after the other, on lines of their own or not. */
  | { kind: 'values' }
  /** The elements of the one array that is the text. */
  | { kind: 'array' }
  /** The elements of an array inside the one object that is the text. */
  | { kind: 'path'; path: readonly string[] };

export interface RowListener {
  row(first: number, offset: number): void;
  /** The name of the member that begins next: what stands between its quotes. */
  key(bytes: Buffer, from: number, to: number): void;
  /** A member of a row that is an object, or an element of one that is an array. */
  member(first: number, offset: number): void;
  memberEnd(offset: number): void;
  rowEnd(offset: number): void;
  /** A value inside a member. */
  inner?(first: number): void;
}

/** The text goes on behind its array: its shape is another. */
export class NotOneArray extends Error {}

/** Finds the rows of a JSON text of a known shape, and what they are made of. */
export class JsonRows implements JsonEvents {
  readonly splitter: JsonSplitter;
  private readonly path: readonly string[];
  /** Containers that a row is in. */
  private readonly rowDepth: number;
  private inRows: boolean;
  private inRow = false;
  /** How many names of the path the text is inside of. */
  private matched = 0;
  private hit = false;
  private found = false;

  constructor(
    private readonly shape: Shape,
    private readonly listener: RowListener,
  ) {
    this.path = shape.kind === 'path' ? shape.path : [];
    this.rowDepth = shape.kind === 'values' ? 0 : this.path.length + 1;
    this.inRows = shape.kind === 'values';
    this.splitter = new JsonSplitter(this, this.rowDepth + (listener.inner ? 2 : 1));
  }

  /** @throws InvalidReadOptionsError when nothing is at the path */
  finish(): void {
    this.splitter.finish();
    if (this.shape.kind === 'path' && !this.found) {
      throw new InvalidReadOptionsError({ path: 'The file has no array there.' });
    }
  }

  begin(depth: number, first: number, offset: number): void {
    if (this.inRow) {
      if (depth === this.rowDepth + 1) this.listener.member(first, offset);
      else this.listener.inner?.(first);
      return;
    }
    if (this.inRows) {
      this.inRow = true;
      return this.listener.row(first, offset);
    }
    if (this.shape.kind === 'array') this.enterArray();
    else this.followPath(depth, first);
  }

  end(depth: number, offset: number): void {
    if (this.inRow) {
      if (depth === this.rowDepth + 1) this.listener.memberEnd(offset);
      if (depth !== this.rowDepth) return;
      this.inRow = false;
      return this.listener.rowEnd(offset);
    }
    if (this.shape.kind === 'values') return;
    if (depth === this.rowDepth - 1) this.inRows = false;
    if (depth > 0 && depth === this.matched) this.matched--;
  }

  key(depth: number, bytes: Buffer, from: number, to: number): void {
    if (this.inRow) {
      if (depth === this.rowDepth + 1) this.listener.key(bytes, from, to);
    } else if (depth === this.matched + 1) {
      this.hit = decodeName(bytes.subarray(from, to), this.splitter) === this.path[this.matched];
    }
  }

  private enterArray(): void {
    if (this.found) throw new NotOneArray();
    this.found = this.inRows = true;
  }

  private followPath(depth: number, first: number): void {
    if (!this.hit || depth !== this.matched + 1) return;
    this.hit = false;
    const last = depth === this.path.length;
    if (first !== (last ? ARRAY : OBJECT)) {
      const is = `${this.path.slice(0, depth).join('.')} is no ${last ? 'array' : 'object'}.`;
      throw new InvalidReadOptionsError({ path: is });
    }
    this.matched = depth;
    if (last) this.found = this.inRows = true;
  }
}

/** Reads a name as it stands between its quotes. @throws UnreadableTableError */
function decodeName(raw: Buffer, splitter: JsonSplitter): string {
  try {
    return JSON.parse(`"${raw.toString()}"`) as string;
  } catch (cause) {
    const detail = `A name that is no JSON string (line ${splitter.line}).`;
    throw new UnreadableTableError(detail, { line: splitter.line }, cause);
  }
}

/** Numbers of names. Rows mostly have the same names in the same order, so the next one is guessed. */
export class NameNumbers {
  private readonly known: { raw: Buffer; number: number }[] = [];
  private readonly byText = new Map<string, number>();
  private next = 0;

  /** @param numberOf called once for each way in which a name is written */
  constructor(
    private readonly splitter: JsonSplitter,
    private readonly numberOf: (name: string) => number,
  ) {}

  of(bytes: Buffer, from: number, to: number): number {
    const guess = this.known[this.next];
    if (guess && isAt(bytes, from, to, guess.raw)) {
      this.next++;
      return guess.number;
    }
    const text = bytes.toString('latin1', from, to);
    let at = this.byText.get(text);
    if (at === undefined) {
      const raw = Buffer.from(bytes.subarray(from, to));
      at = this.known.push({ raw, number: this.numberOf(decodeName(raw, this.splitter)) }) - 1;
      this.byText.set(text, at);
    }
    this.next = at + 1;
    return this.known[at]?.number ?? -1;
  }
}

function isAt(bytes: Buffer, from: number, to: number, raw: Buffer): boolean {
  if (to - from !== raw.length) return false;
  for (let at = 0; at < raw.length; at++) if (bytes[from + at] !== raw[at]) return false;
  return true;
}
