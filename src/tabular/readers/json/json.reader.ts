import { z } from 'zod';
import type {
  IDatasetReader,
  LocalContent,
  ReaderContext,
  Relation,
  TableDescription,
} from '../../../core/contracts/dataset-reader.contract.js';
import { UnreadableTableError } from '../../tabular.errors.js';
import { renamingWarning, uniqueNames } from '../shared/column-names.js';
import { parseOptions } from '../shared/read-options.js';
import { contentCompression, headOf } from '../shared/unpacked.js';
import { writtenOnce } from '../shared/written-once.js';
import { linesRelation, numbered } from '../shared/numbered-lines.js';
import { locate } from './json-fault.js';
import { looksLikeJson } from './json-look.js';
import { writeLines, type LinesPlan } from './json-lines-file.js';
import { NotOneArray, type Shape } from './json-rows.js';
import { MAX_ROW, scanJson, type JsonScan } from './json-scan.js';
import { encodingOf, hasBom, jsonText } from './json-text.js';
import { lineTypes, widenings } from './json-types.js';

/** What DuckDB says of a value that is not of its column's type. */
const MISFIT = /transform error|Conversion Error|Could not convert|duplicate key/i;

const isEncoding = (label: string): boolean => {
  try {
    return Boolean(new TextDecoder(label));
  } catch {
    return false;
  }
};

const givenOptions = z.strictObject({
  /** Where the rows are inside the one object that the text is: `features`, `data.items`, `/data/a.b`. */
  path: z.string().min(1).max(1000).optional(),
  encoding: z.string().refine(isEncoding, 'No such encoding is known.').optional(),
});

/** What `open` needs to know; kept with the description. */
const foundOptions = z.object({
  encoding: z.string(),
  compression: z.enum(['gzip', 'zstd']).nullable(),
  /** `lines`, `array`, `object` or, with `path`, `array in object`. */
  shape: z.enum(['lines', 'array', 'object', 'array in object']),
  path: z.string().nullable(),
  rows: z.enum(['objects', 'arrays', 'values']),
  /** The names in the file, by column, where those of the table differ. */
  names: z.record(z.string(), z.string()),
  longestRow: z.number(),
  /** DuckDB reads the file as it is. */
  asItIs: z.boolean(),
});
type FoundOptions = z.infer<typeof foundOptions>;

const segmentsOf = (path: string): string[] =>
  path.startsWith('/')
    ? path
        .slice(1)
        .split('/')
        .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'))
    : path.split('.');

const shapeOf = (path: string | null, isArray: boolean): Shape => {
  if (path !== null) return { kind: 'path', path: segmentsOf(path) };
  return { kind: isArray ? 'array' : 'values' };
};

interface Found {
  scan: JsonScan;
  shape: Shape;
  path: string | null;
  warnings: string[];
}

/**
 * JSON: an array of rows, JSON lines, or one object, which is one row unless it holds the table.
 *
 * A whole text is looked through before it is read, in JavaScript: depth, brackets and the length of a
 * row are checked there, since DuckDB ends its process on deep text; names and repeated names are
 * found. What DuckDB can't read as it is becomes lines of `{"c0":…}` in the job's folder.
 */
export class JsonReader implements IDatasetReader {
  readonly format = 'json';

  recognise(head: Uint8Array, content: LocalContent): number {
    return looksLikeJson(head, content);
  }

  async describe(
    content: LocalContent,
    given: Readonly<Record<string, unknown>>,
    context: ReaderContext,
  ): Promise<TableDescription> {
    const options = parseOptions(givenOptions, given);
    const head = await headOf(content);
    const encoding = options.encoding?.toLowerCase() ?? encodingOf(head);
    const { scan, shape, path, warnings } = await this.find(
      content,
      encoding,
      options.path ?? null,
    );
    const compression = await contentCompression(content);
    const keys = keysOf(scan);
    const names = uniqueNames(keys);
    const plain = names.every((name, at) => name === keys[at]);
    const lines = shape.kind === 'values' && scan.ownLines && scan.made === 'objects';
    const asItIs =
      lines && plain && !scan.repeated && !compression && encoding === 'utf-8' && !hasBom(head);
    const found: FoundOptions = {
      encoding,
      compression,
      shape: shapeName(shape, scan),
      path,
      rows: scan.made,
      names: Object.fromEntries(
        keys.flatMap((key, at) => (key === names[at] ? [] : [[names[at], key]])),
      ),
      longestRow: scan.longestRow,
      asItIs,
    };
    warnings.push(...renamingWarning(scan.made === 'objects' ? keys : [], names));
    const types = await this.types(content, found, keys, scan, context);
    const columns = names.map((name, at) => ({
      name,
      type: types.columns.get(asItIs ? name : numbered(at)) ?? 'JSON',
    }));
    if (types.kept > 0) {
      warnings.push(
        `${types.kept} columns hold integers that a double would round; their type keeps all digits.`,
      );
    }
    return { format: this.format, columns, rowCount: scan.rows, options: found, warnings };
  }

  async open(
    content: LocalContent,
    description: TableDescription,
    context: ReaderContext,
  ): Promise<Relation> {
    const found = foundOptions.parse(description.options);
    const { columns } = description;
    if (found.asItIs) {
      return linesRelation(
        content.path,
        found.longestRow,
        columns,
        columns.map(({ name }) => name),
      );
    }
    const keys = columns.map(({ name }) => found.names[name] ?? name);
    return linesRelation(
      await this.lines(content, found, keys, context),
      found.longestRow,
      columns,
    );
  }

  async relax(
    content: LocalContent,
    description: TableDescription,
    error: unknown,
    context: ReaderContext,
  ): Promise<TableDescription | null> {
    const message = error instanceof Error ? error.message : String(error);
    if (!MISFIT.test(message)) return null;
    for (const columns of widenings(description.columns)) {
      const changed = columns.filter(({ type }, at) => type !== description.columns[at]?.type);
      const warning = `${changed.length} columns are shown as JSON, since not all values fit one type: ${message.split('\n', 1)[0]?.slice(0, 300)}`;
      const relaxed = { ...description, columns, warnings: [...description.warnings, warning] };
      const { sql } = await this.open(content, relaxed, context);
      try {
        await context.database.all(`SELECT count(COLUMNS(*)) FROM ${sql}`);
        return relaxed;
      } catch (again) {
        if (!MISFIT.test(String(again))) throw again;
      }
    }
    return null;
  }

  /** Where the rows are, and what they are. */
  private async find(
    content: LocalContent,
    encoding: string,
    given: string | null,
  ): Promise<Found> {
    const scanAs = (shape: Shape): Promise<JsonScan> =>
      scanJson(jsonText(content, encoding), shape);
    if (given !== null) {
      const shape = shapeOf(given, false);
      return { scan: await scanAs(shape), shape, path: given, warnings: [] };
    }
    let shape: Shape = { kind: 'array' };
    if (await startsWithArray(jsonText(content, encoding))) {
      try {
        return { scan: await scanAs(shape), shape, path: null, warnings: [] };
      } catch (error) {
        if (!(error instanceof NotOneArray)) throw error;
      }
    }
    shape = { kind: 'values' };
    const scan = await scanAs(shape);
    if (scan.rows === 0)
      throw new UnreadableTableError('The file has no value in it.', { line: 1 });
    const warnings = scan.repeated ? [repeatedWarning(scan.repeated)] : [];
    if (scan.rows > 1) return { scan, shape, path: null, warnings };
    return this.inObject(scan, shape, warnings, scanAs);
  }

  /** An object with one array of objects holds a table; another is a row. */
  private async inObject(
    scan: JsonScan,
    shape: Shape,
    warnings: string[],
    scanAs: (shape: Shape) => Promise<JsonScan>,
  ): Promise<Found> {
    const tables = scan.arrays.filter(({ ofObjects }) => ofObjects);
    const [only] = tables;
    if (tables.length === 1 && only) {
      const path = `/${only.key.replaceAll('~', '~0').replaceAll('/', '~1')}`;
      const inner: Shape = { kind: 'path', path: [only.key] };
      const warning = `The rows are those of the array ${JSON.stringify(only.key)}; the rest of the object is left out.`;
      return { scan: await scanAs(inner), shape: inner, path, warnings: [warning] };
    }
    if (scan.longestRow > MAX_ROW) {
      throw new UnreadableTableError(
        `The file is one object of more than ${MAX_ROW} bytes. The option path says which array in it is the table.`,
      );
    }
    if (tables.length > 1) {
      const names = tables.slice(0, 10).map(({ key }) => JSON.stringify(key));
      warnings.push(
        `The object is read as one row. It has several tables: the option path picks one of ${names.join(', ')}.`,
      );
    }
    return { scan, shape, path: null, warnings };
  }

  private async types(
    content: LocalContent,
    found: FoundOptions,
    keys: string[],
    scan: JsonScan,
    context: ReaderContext,
  ): Promise<{ columns: Map<string, string>; kept: number }> {
    if (scan.rows === 0) return { columns: new Map(), kept: 0 };
    const path = found.asItIs ? content.path : await this.lines(content, found, keys, context);
    try {
      const types = await lineTypes(
        context.database,
        path,
        scan.longestRow,
        keys.length,
        scan.longNumbers,
      );
      return {
        columns: new Map(types.columns.map(({ name, type }) => [name, type])),
        kept: types.kept.length,
      };
    } catch (error) {
      throw await locate(
        jsonText(content, found.encoding),
        shapeOf(found.path, found.shape === 'array'),
        error,
      );
    }
  }

  /** The rows as lines, in a file of the job's folder. */
  private async lines(
    content: LocalContent,
    found: FoundOptions,
    keys: readonly string[],
    context: ReaderContext,
  ): Promise<string> {
    const shape = shapeOf(found.path, found.shape === 'array');
    const plan: LinesPlan = { shape, made: found.rows, keys };
    const { path } = await writtenOnce(
      context.folder,
      content,
      [found.encoding, plan],
      async (to) => {
        await writeLines(jsonText(content, found.encoding), plan, to);
        return found.longestRow;
      },
    );
    return path;
  }
}

function keysOf(scan: JsonScan): string[] {
  if (scan.made === 'objects') return scan.keys;
  if (scan.made === 'arrays')
    return Array.from({ length: scan.arity }, (_, at) => `column_${at + 1}`);
  return ['value'];
}

function shapeName(shape: Shape, scan: JsonScan): FoundOptions['shape'] {
  if (shape.kind === 'path') return 'array in object';
  if (shape.kind === 'array') return 'array';
  return scan.rows === 1 ? 'object' : 'lines';
}

const repeatedWarning = ({ count, line, key }: NonNullable<JsonScan['repeated']>): string =>
  `${count} times a row has a name twice, first ${JSON.stringify(key)} on line ${line}: the last value counts.`;

async function startsWithArray(text: AsyncIterable<Buffer>): Promise<boolean> {
  for await (const piece of text) {
    const first = piece.toString('latin1').trimStart()[0];
    if (first) return first === '[';
  }
  return false;
}
