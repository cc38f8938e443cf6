import { UnreadableTableError } from '../../tabular.errors.js';
import { MAX_COLUMNS } from '../shared/column-names.js';
import { JsonRows, NameNumbers, type RowListener, type Shape } from './json-rows.js';

const OBJECT = 0x7b;
const ARRAY = 0x5b;
/** Bytes of a row: DuckDB holds several at a time. */
export const MAX_ROW = 16 * 1024 * 1024;

/** What rows of arrays are as long as, to be columns. */
const MAX_ARRAY_COLUMNS = 1000;

export interface JsonScan {
  rows: number;
  /** What the rows are: `values` when they are not all the same, or neither. */
  made: 'objects' | 'arrays' | 'values';
  /** Names of members in the order in which they come up. */
  keys: string[];
  /** Elements of each row, of rows that are arrays of one length. */
  arity: number;
  longNumbers: boolean;
  /** Bytes of the longest row. */
  longestRow: number;
  /** Each row is on a line of its own. */
  ownLines: boolean;
  /** Where a row has a name twice: its line and the name. */
  repeated: { count: number; line: number; key: string } | null;
  /** Members of the only row that are arrays of objects, or of anything: where a table may be. */
  arrays: { key: string; ofObjects: boolean }[];
}

/** Looks through a whole text once: what it is made of can then be said of all of it. */
class Scanner implements RowListener {
  readonly rows: JsonRows;
  count = 0;
  objects = 0;
  arraysSeen = 0;
  nulls = 0;
  minArity = Infinity;
  maxArity = 0;
  longestRow = 0;
  ownLines = true;
  repeated: JsonScan['repeated'] = null;
  readonly arrays: JsonScan['arrays'] = [];
  readonly keys: string[] = [];
  private readonly numbers: NameNumbers;
  private readonly byName = new Map<string, number>();
  /** By key: the row that had it last. */
  private readonly lastRow: number[] = [];
  private first = 0;
  private start = 0;
  private startLine = 0;
  private endLine = 0;
  private arity = 0;
  private lastKey = -1;
  private fresh = false;

  constructor(private readonly shape: Shape) {
    this.rows = new JsonRows(shape, this);
    this.numbers = new NameNumbers(this.rows.splitter, (name) => this.register(name));
  }

  row(first: number, offset: number): void {
    if (this.longestRow > MAX_ROW) this.tooLong();
    this.first = first;
    this.start = offset;
    this.startLine = this.rows.splitter.line;
    if (this.startLine === this.endLine) this.ownLines = false;
    this.arity = 0;
    this.count++;
  }

  rowEnd(offset: number): void {
    this.endLine = this.rows.splitter.line;
    if (this.endLine !== this.startLine) this.ownLines = false;
    const length = offset - this.start;
    this.longestRow = Math.max(this.longestRow, length);
    // The only object of a text may turn out to hold the table.
    if (length > MAX_ROW && !(this.shape.kind === 'values' && this.count === 1)) this.tooLong();
    if (this.first === OBJECT) this.objects++;
    else if (this.first === ARRAY) this.arrayEnd();
    else if (this.first === 0x6e) this.nulls++;
  }

  tooLong(): never {
    throw new UnreadableTableError(
      `The row that begins on line ${this.startLine} has more than ${MAX_ROW} bytes.`,
      { line: this.startLine },
    );
  }

  key(bytes: Buffer, from: number, to: number): void {
    const index = this.numbers.of(bytes, from, to);
    if (this.lastRow[index] === this.count) this.repeats(index);
    this.lastRow[index] = this.count;
    this.lastKey = index;
  }

  member(first: number): void {
    this.arity++;
    this.fresh = this.count === 1 && first === ARRAY && this.first === OBJECT;
    if (this.fresh) this.arrays.push({ key: this.keys[this.lastKey] ?? '', ofObjects: false });
  }

  memberEnd(): void {
    this.fresh = false;
  }

  inner(first: number): void {
    if (!this.fresh) return;
    this.fresh = false;
    const last = this.arrays.at(-1);
    if (last) last.ofObjects = first === OBJECT;
  }

  private arrayEnd(): void {
    this.arraysSeen++;
    this.minArity = Math.min(this.minArity, this.arity);
    this.maxArity = Math.max(this.maxArity, this.arity);
  }

  private register(name: string): number {
    const known = this.byName.get(name);
    if (known !== undefined) return known;
    if (this.keys.length === MAX_COLUMNS) {
      const { line } = this.rows.splitter;
      throw new UnreadableTableError(`There are more than ${MAX_COLUMNS} columns (line ${line}).`, {
        line,
      });
    }
    this.byName.set(name, this.keys.length);
    return this.keys.push(name) - 1;
  }

  private repeats(index: number): void {
    const { line } = this.rows.splitter;
    this.repeated ??= { count: 0, line, key: this.keys[index] ?? '' };
    this.repeated.count++;
  }
}

function madeOf(scan: Scanner): JsonScan['made'] {
  const others = scan.count - scan.objects - scan.arraysSeen - scan.nulls;
  if (others > 0) return 'values';
  if (scan.objects > 0) return scan.arraysSeen === 0 && scan.keys.length > 0 ? 'objects' : 'values';
  const even = scan.minArity === scan.maxArity && scan.maxArity <= MAX_ARRAY_COLUMNS;
  return scan.arraysSeen > 0 && even && scan.maxArity > 0 ? 'arrays' : 'values';
}

/** @throws UnreadableTableError, InvalidReadOptionsError, NotOneArray */
export async function scanJson(text: AsyncIterable<Buffer>, shape: Shape): Promise<JsonScan> {
  const scan = new Scanner(shape);
  for await (const piece of text) scan.rows.splitter.push(piece);
  scan.rows.finish();
  return {
    rows: scan.count,
    made: madeOf(scan),
    keys: scan.keys,
    arity: scan.maxArity,
    longNumbers: scan.rows.splitter.longNumbers,
    longestRow: scan.longestRow,
    ownLines: scan.ownLines,
    repeated: scan.repeated,
    arrays: scan.arrays,
  };
}
