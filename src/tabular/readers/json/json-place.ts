import type { LocalContent } from '../../../core/contracts/dataset-reader.contract.js';
import { UnreadableTableError } from '../../tabular.errors.js';
import { NotOneArray, type Shape } from './json-rows.js';
import { MAX_ROW, scanJson, type JsonScan } from './json-scan.js';
import { jsonText } from './json-text.js';

const segmentsOf = (path: string): string[] =>
  path.startsWith('/')
    ? path
        .slice(1)
        .split('/')
        .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'))
    : path.split('.');

export const shapeOf = (path: string | null, isArray: boolean): Shape => {
  if (path !== null) return { kind: 'path', path: segmentsOf(path) };
  return { kind: isArray ? 'array' : 'values' };
};

export interface Found {
  scan: JsonScan;
  shape: Shape;
  path: string | null;
  warnings: string[];
}

/** Where the rows are, and what they are. */
export async function findRows(
  content: LocalContent,
  encoding: string,
  given: string | null,
): Promise<Found> {
  const scanAs = (shape: Shape): Promise<JsonScan> => scanJson(jsonText(content, encoding), shape);
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
  if (scan.rows === 0) throw new UnreadableTableError('The file has no value in it.', { line: 1 });
  const warnings = scan.repeated ? [repeatedWarning(scan.repeated)] : [];
  if (scan.rows > 1) return { scan, shape, path: null, warnings };
  return inObject(scan, shape, warnings, scanAs);
}

/** An object with one array of objects holds a table; another is a row. */
async function inObject(
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

const repeatedWarning = ({ count, line, key }: NonNullable<JsonScan['repeated']>): string =>
  `${count} times a row has a name twice, first ${JSON.stringify(key)} on line ${line}: the last value counts.`;

async function startsWithArray(text: AsyncIterable<Buffer>): Promise<boolean> {
  for await (const piece of text) {
    const first = piece.toString('latin1').trimStart()[0];
    if (first) return first === '[';
  }
  return false;
}
