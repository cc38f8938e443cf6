import { open, type FileHandle } from 'node:fs/promises';
import type { Column, Relation } from '../../../core/contracts/dataset-reader.contract.js';
import { unusedName } from '../../values/unused-name.js';
import { columnsLiteral, quoteIdentifier, quoteLiteral } from '../../values/quote.js';

/** Bytes that are gathered before they are written. */
const BATCH = 1024 * 1024;
/** Bytes. DuckDB's own default; its buffers are twice as large. */
const USUAL_ROW = 16 * 1024 * 1024;

/** JSON lines whose members are named by the number of their column: `{"c0":…,"c1":…}`. */
export const numbered = (at: number): string => `c${at}`;

/** `read_json` of lines; `more` are further options. */
export const readLines = (path: string, longestRow: number, more: string): string =>
  `read_json(${quoteLiteral(path)}, format = 'newline_delimited', records = true, ` +
  `maximum_object_size = ${Math.max(longestRow + 64 * 1024, USUAL_ROW)}, ${more})`;

/** Lines as a table; `inFile` are the names that the columns have there. */
export function linesRelation(
  path: string,
  longestRow: number,
  columns: readonly Column[],
  inFile = columns.map((_, at) => numbered(at)),
): Relation {
  const rowIndex = quoteIdentifier(unusedName('row_index', columns));
  // What read_json makes of a text for BLOB are its letters; a cast reads their escapes.
  const isBytes = (type: string): boolean => /^BLOB(\[\])*$/.test(type);
  const typed = columns.map(({ type }, at) => ({
    name: inFile[at] ?? '',
    type: isBytes(type) ? type.replace('BLOB', 'VARCHAR') : type,
  }));
  const list = columns.map(({ name, type }, at) => {
    const inLines = quoteIdentifier(inFile[at] ?? '');
    return `${isBytes(type) ? `CAST(${inLines} AS ${type})` : inLines} AS ${quoteIdentifier(name)}`;
  });
  const table = readLines(path, longestRow, `columns = ${columnsLiteral(typed)}`);
  return {
    sql: `(SELECT row_number() OVER () - 1 AS ${rowIndex}, ${list.join(', ')} FROM ${table})`,
    rowIndex,
  };
}

const HEX = Array.from({ length: 256 }, (_, byte) => `\\\\x${byte.toString(16).padStart(2, '0')}`);

/**
 * A value as JSON text that DuckDB casts to the column's type: `bigint` for integers of any size, bytes
 * for BLOB, a Map for MAP, an array for a list, another object for STRUCT. Dates and decimals come as
 * strings.
 */
export function jsonCell(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return JSON.stringify(value.toWellFormed());
    case 'number':
      return Number.isFinite(value) ? String(value) : `"${value}"`;
    case 'bigint':
    case 'boolean':
      return String(value);
    case 'object':
      return value === null ? 'null' : objectCell(value);
    default:
      return 'null';
  }
}

function objectCell(value: object): string {
  if (value instanceof Uint8Array) {
    let text = '"';
    for (const byte of value) text += HEX[byte] ?? '';
    return `${text}"`;
  }
  if (Array.isArray(value)) return `[${value.map(jsonCell).join(',')}]`;
  if (ArrayBuffer.isView(value))
    return objectCell(Array.from(value as unknown as Iterable<unknown>));
  const entries = value instanceof Map ? [...value] : Object.entries(value);
  const members = entries.map(
    ([key, of]) => `${JSON.stringify(String(key).toWellFormed())}:${jsonCell(of)}`,
  );
  return `{${members.join(',')}}`;
}

/** Writes rows as lines, to be read by `linesRelation`. */
export class LinesFile {
  longestRow = 0;
  rows = 0;
  private batch: string[] = [];
  private gathered = 0;

  private constructor(private readonly file: FileHandle) {}

  static async create(path: string): Promise<LinesFile> {
    return new LinesFile(await open(path, 'w'));
  }

  /** Gathers a row. `undefined` and `null` are left out. `flush` now and then. */
  add(row: readonly unknown[]): void {
    let line = '';
    row.forEach((value, at) => {
      if (value === null || value === undefined) return;
      line += `${line ? ',' : '{'}"${numbered(at)}":${jsonCell(value)}`;
    });
    line = line ? `${line}}\n` : '{}\n';
    this.batch.push(line);
    this.gathered += line.length;
    this.rows++;
    // A character has up to three bytes for each of its UTF-16 units.
    this.longestRow = Math.max(this.longestRow, line.length * 3);
  }

  /** Whether enough is gathered to be written. */
  get full(): boolean {
    return this.gathered > BATCH;
  }

  async flush(): Promise<void> {
    await this.file.appendFile(this.batch.join(''));
    this.batch = [];
    this.gathered = 0;
  }

  async close(): Promise<void> {
    try {
      await this.flush();
    } finally {
      await this.file.close();
    }
  }
}
