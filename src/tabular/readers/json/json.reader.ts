import { z } from 'zod';
import type {
  IDatasetReader,
  LocalContent,
  ReaderContext,
  Relation,
  TableDescription,
} from '../../../core/contracts/dataset-reader.contract.js';
import { renamingWarning, uniqueNames } from '../shared/column-names.js';
import { parseOptions } from '../shared/read-options.js';
import { contentCompression, headOf } from '../shared/unpacked.js';
import { writtenOnce } from '../shared/written-once.js';
import { linesRelation, numbered } from '../shared/numbered-lines.js';
import { locate } from './json-fault.js';
import { looksLikeJson } from './json-look.js';
import { writeLines, type LinesPlan } from './json-lines-file.js';
import { findRows, shapeOf, type Found } from './json-place.js';
import type { Shape } from './json-rows.js';
import type { JsonScan } from './json-scan.js';
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
    const place = await findRows(content, encoding, options.path ?? null);
    const { scan, warnings } = place;
    const keys = keysOf(scan);
    const names = uniqueNames(keys);
    const found = await this.found(content, { encoding, hasBom: hasBom(head) }, place, names);
    const { asItIs } = found;
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

  private async found(
    content: LocalContent,
    text: { encoding: string; hasBom: boolean },
    { scan, shape, path }: Found,
    names: readonly string[],
  ): Promise<FoundOptions> {
    const compression = await contentCompression(content);
    const changed = keysOf(scan).flatMap((key, at) =>
      key === names[at] ? [] : [[names[at], key]],
    );
    const isPlainText = !compression && text.encoding === 'utf-8' && !text.hasBom;
    const isLines = shape.kind === 'values' && scan.ownLines && scan.made === 'objects';
    return {
      encoding: text.encoding,
      compression,
      shape: shapeName(shape, scan),
      path,
      rows: scan.made,
      names: Object.fromEntries(changed) as Record<string, string>,
      longestRow: scan.longestRow,
      asItIs: isPlainText && isLines && changed.length === 0 && !scan.repeated,
    };
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
