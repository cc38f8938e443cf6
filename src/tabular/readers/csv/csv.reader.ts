import { createHash } from 'node:crypto';
import { readFile, rm, stat, writeFile } from 'node:fs/promises';
import type {
  IDatasetReader,
  LocalContent,
  ReaderContext,
  RejectedRows,
  Relation,
  TableDescription,
} from '../../../core/contracts/dataset-reader.contract.js';
import { describeCsv, isBinary } from './describe.js';
import { syntaxOf, type Dialect } from './dialect.js';
import { bomOf, detectEncoding } from './encoding.js';
import { relax } from './relax.js';
import { directSource, relationOf, rewrittenSource, type Source } from './relation.js';
import { rewrite, rewrittenResult } from './rewrite.js';
import { sniff } from './sniff.js';

/** Types and ends of names that say that it is one. */
const SAID = new Set(['csv', 'tsv', 'tab', 'psv', 'txt']);

/**
 * Tables as text: CSV, TSV and their kin. What DuckDB reads as it is meant is read where it lies, at
 * DuckDB's own speed. All else is written anew by `rewrite` into the job's folder, each time it is
 * opened, and read from there.
 *
 * What `describe` says is from samples. A row beyond them that does not fit makes the scan fail, never
 * a wrong value; then `relax` looks at all rows, and the table it describes holds.
 * An empty cell is NULL, in quotes or not.
 */
export class CsvReader implements IDatasetReader {
  readonly format = 'csv';

  recognise(head: Uint8Array, content: LocalContent): number {
    const { encoding } = bomOf(head) ?? detectEncoding(head);
    const text = new TextDecoder(encoding).decode(head, { stream: true });
    if (text === '' || isBinary(text)) return 0;
    const end = content.fileName.toLowerCase().split('.').slice(1);
    const said = SAID.has(content.fileType.toLowerCase()) || end.some((part) => SAID.has(part));
    if (/^\s*[{[<]/.test(text)) return said ? 0.5 : 0.1;
    const { syntax, score } = sniff(text.slice(0, 32 * 1024), head.length < 64 * 1024);
    if (syntax.delimiter === null) return said ? 0.5 : 0.2;
    return score > 0.35 ? Math.min(0.9, 0.51 + score * 0.4) : said ? 0.5 : 0.3;
  }

  describe(
    content: LocalContent,
    given: Readonly<Record<string, unknown>>,
    _context: ReaderContext,
  ): Promise<TableDescription> {
    return describeCsv(content, given);
  }

  async open(
    content: LocalContent,
    description: TableDescription,
    context: ReaderContext,
  ): Promise<Relation> {
    const dialect = description.options as unknown as Dialect;
    if (description.columns.length === 0) {
      return { sql: '(SELECT 0::BIGINT AS row_index WHERE false)', rowIndex: 'row_index' };
    }
    const source = await sourceOf(content, description, context.folder);
    return relationOf(source, dialect, description.columns);
  }

  relax(
    content: LocalContent,
    description: TableDescription,
    error: unknown,
    context: ReaderContext,
  ): Promise<TableDescription | null> {
    return relax(content, description, error, context, sourceOf);
  }

  async rejected({ folder }: ReaderContext): Promise<RejectedRows> {
    try {
      return JSON.parse(await readFile(rejectedPath(folder), 'utf8')) as RejectedRows;
    } catch {
      return { count: 0, rows: [] };
    }
  }
}

const rejectedPath = (folder: string): string => `${folder}/csv-rejected.json`;

/** Opened twice in a job, as after `relax`, a content is rewritten once. */
async function sourceOf(
  content: LocalContent,
  { options, columns }: Pick<TableDescription, 'options' | 'columns'>,
  folder: string,
): Promise<Source> {
  const dialect = options as unknown as Dialect;
  if (!dialect.rewritten) {
    await rm(rejectedPath(folder), { force: true });
    return directSource(content.path, dialect);
  }
  const { skipLines, header, footerLines, encoding, compression } = dialect;
  const key = [
    content.path,
    columns.length,
    syntaxOf(dialect),
    skipLines,
    header,
    footerLines,
    encoding,
    compression,
  ];
  const name = createHash('sha256').update(JSON.stringify(key)).digest('hex').slice(0, 16);
  const path = `${folder}/csv-${name}`;
  const result = (await exists(path))
    ? await rewrittenResult(path)
    : await rewrite(content.path, path, dialect, columns.length);
  await writeFile(rejectedPath(folder), JSON.stringify(result.rejected));
  return rewrittenSource(path, dialect, result.longest > LONG);
}

/** DuckDB's own limit is 2,000,000 bytes; a character has up to three of them in UTF-16 units. */
const LONG = 500_000;

const exists = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  );
