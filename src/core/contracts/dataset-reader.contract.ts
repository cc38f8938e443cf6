export const DATASET_READER = Symbol('IDatasetReader');

/** A content as it lies on this machine for one job: read-only, in the job's own folder. */
export interface LocalContent {
  /** Absolute path; its name says nothing of the file's own. */
  path: string;
  /** Bytes. */
  size: number;
  /** What its user says it is: `csv`, `parquet`, … */
  fileType: string;
  /** The last segment of its path in the version, for its extension. */
  fileName: string;
  /** What its user says it is compressed by. Content decides: see `IDatasetReader.recognise`. */
  compressionType: string | null;
}

export interface Column {
  /** Unique in its table. */
  name: string;
  /** As DuckDB writes its logical types: `BIGINT`, `DECIMAL(18,3)`, `STRUCT(a INTEGER, b VARCHAR[])`. */
  type: string;
}

/** How a content is read as a table. Plain JSON: it is kept as an artifact, by content. */
export interface TableDescription {
  /** The reader that made it. */
  format: string;
  columns: Column[];
  /** Rows, where the content tells without being read; else `null`. */
  rowCount: number | null;
  /** What the reader found out, in its own words: for CSV the dialect. Shown to users. */
  options: Record<string, unknown>;
  /** What a user should know: guesses, repaired names. One sentence each. */
  warnings: string[];
}

/** A table that DuckDB can read. */
export interface Relation {
  /** What stands after FROM, with literals escaped: `read_parquet('…', file_row_number = true)`. */
  sql: string;
  /**
   * An expression of the relation that gives the row's place in the content, from 0 on, as BIGINT; its
   * column is none of the description's.
   */
  rowIndex: string;
  /**
   * The same without `rowIndex`, where numbering the rows has a price: DuckDB reads it with all of its
   * threads, in no certain order. Absent: `sql` costs the same.
   */
  unnumbered?: string;
}

/** A row that can't be part of the table, as it is in the content. */
export interface RejectedRow {
  /** Line of the file, from 1 on, where it is known. */
  line: number | null;
  /** Why, for people. */
  reason: string;
  /** Its text, at most 1,000 characters. */
  text: string | null;
}

export interface RejectedRows {
  count: number;
  /** The first of them, at most 1,000. */
  rows: RejectedRow[];
}

/** The job's own DuckDB, which can open the job's contents and nothing else. */
export interface TableDatabase {
  /** Rows as arrays of JSON-like values: `bigint` for 64 bits, dates and decimals as strings. */
  all(sql: string, parameters?: readonly unknown[]): Promise<unknown[][]>;
}

/** What a reader has to work with: all of it ends with the job. */
export interface ReaderContext {
  database: TableDatabase;
  /** A folder of the job for what must be written; DuckDB may read what lies in it. */
  folder: string;
}

/**
 * Makes a table of a content of one format. Readers run in the child processes of the engine, on bytes
 * that may be hostile: they may be killed at any moment, and keep no state.
 *
 * A content that can't be read is refused with UnreadableTableError, which names the place where it can.
 */
export interface IDatasetReader {
  /** `csv`, `parquet`, `json`, … */
  readonly format: string;
  /**
   * How sure it is that this is a content of its format: 1 by magic bytes, above 0.5 when the bytes look
   * like it, 0.5 and less when only type or name say so, 0 for no.
   * @param head the first bytes, at most 64 KiB, unpacked when they are gzip or zstd
   */
  recognise(head: Uint8Array, content: LocalContent): number;
  /**
   * Finds out how the content is read, from parts of it where that will do.
   * @param given what the user says: it wins over what is found. Unknown options are refused
   * @throws UnreadableTableError, InvalidReadOptionsError
   */
  describe(
    content: LocalContent,
    given: Readonly<Record<string, unknown>>,
    context: ReaderContext,
  ): Promise<TableDescription>;
  /**
   * The table, ready to be scanned as often as wanted. Rows come in the order of the content.
   * @throws UnreadableTableError
   */
  open(
    content: LocalContent,
    description: TableDescription,
    context: ReaderContext,
  ): Promise<Relation>;
  /**
   * For readers that describe a table by parts of it. When a scan of what `open` gave fails in DuckDB,
   * the engine calls this with the failure, and goes on with the description it gets:
   * describe → open → scan → (fails) → relax → open → scan. The good path pays nothing.
   * The new description has been proven on all rows: it is called at most once for a content, and what
   * it returns is worth being kept in place of the first. Types of columns may have become wider.
   * @returns `null` when the failure does not come from the content: it stands
   * @throws UnreadableTableError
   */
  relax?(
    content: LocalContent,
    description: TableDescription,
    error: unknown,
    context: ReaderContext,
  ): Promise<TableDescription | null>;
  /** After a whole scan: what was in the content and is not in the table. Absent: nothing ever is. */
  rejected?(context: ReaderContext): Promise<RejectedRows>;
}
