import { isUtf8 } from 'node:buffer';
import { UnreadableTableError } from '../../tabular.errors.js';
import { JsonRows, type RowListener, type Shape } from './json-rows.js';

/** Parses row by row, to find the one that is no JSON. */
class FaultFinder implements RowListener {
  readonly rows: JsonRows;
  fault: { line: number; detail: string } | null = null;
  private held: Buffer = Buffer.alloc(0);
  private heldStart = 0;
  private start: number | null = null;
  private line = 0;

  constructor(shape: Shape) {
    this.rows = new JsonRows(shape, this);
  }

  push(piece: Buffer): void {
    const { splitter } = this.rows;
    const rest = this.start === null ? [] : [this.held.subarray(this.start - this.heldStart)];
    this.held = Buffer.concat([...rest, piece]);
    this.heldStart = this.start ?? splitter.offset;
    splitter.push(piece);
  }

  row(_first: number, offset: number): void {
    this.start = offset;
    this.line = this.rows.splitter.line;
  }

  rowEnd(offset: number): void {
    const start = this.start as number;
    this.start = null;
    if (this.fault) return;
    const row = this.held.subarray(start - this.heldStart, offset - this.heldStart);
    if (!isUtf8(row)) this.fault = { line: this.line, detail: 'It is not UTF-8' };
    try {
      // Half of a character, escaped, is JSON but no text.
      if (/\\ud[89a-f]/.test(JSON.stringify(JSON.parse(row.toString())))) {
        this.fault = { line: this.line, detail: 'It has one half of a surrogate pair' };
      }
    } catch (error) {
      this.fault ??= { line: this.line, detail: (error as Error).message };
    }
  }

  key(): void {}
  member(): void {}
  memberEnd(): void {}
}

/** The failure that a reading ended in, as one that names the line where the text is no JSON. */
export async function locate(
  text: AsyncIterable<Buffer>,
  shape: Shape,
  error: unknown,
): Promise<UnreadableTableError> {
  const finder = new FaultFinder(shape);
  for await (const piece of text) {
    finder.push(piece);
    if (finder.fault) break;
  }
  const { fault } = finder;
  if (!fault) {
    const message = error instanceof Error ? error.message : String(error);
    return new UnreadableTableError(
      `DuckDB can not read it: ${message.split('\n', 1)[0]}`,
      {},
      error,
    );
  }
  const detail = `The value that begins on line ${fault.line} is no JSON: ${fault.detail}.`;
  return new UnreadableTableError(detail, { line: fault.line }, error);
}
