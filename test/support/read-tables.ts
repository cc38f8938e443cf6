import { tableFromIPC, DataType, type Field } from 'apache-arrow';
import { parquetReadObjects } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';

/** A row, its values as texts that are the same whatever the format they were read from. */
export type TextRow = Record<string, string | null>;

const instant = (milliseconds: number, micros = 0): string =>
  new Date(milliseconds).toISOString().slice(0, 19).replace('T', ' ') +
  (milliseconds % 1000 === 0 && micros === 0
    ? ''
    : `.${String((((milliseconds % 1000) + 1000) % 1000) * 1000 + micros).padStart(6, '0')}`);

/** `0.50` and `0.5`, `2024-01-01 00:00:00` and `2024-01-01`, are the same here. */
function textOf(value: unknown): string | null {
  if (value === null || value === undefined) return null;
  const text = value instanceof Date ? instant(value.getTime()) : String(value as string);
  return text
    .replace(/^(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)(?:\.0+)?Z?$/, '$1 $2')
    .replace(/^(\d{4}-\d\d-\d\d) 00:00:00$/, '$1')
    .replace(/^(-?\d+)\.0+$/, '$1')
    .replace(/^(-?\d+\.\d*[1-9])0+$/, '$1');
}

const textRow = (row: Record<string, unknown>): TextRow =>
  Object.fromEntries(Object.entries(row).map(([name, value]) => [name, textOf(value)]));

/** By hyparquet. */
export async function readParquet(bytes: Buffer): Promise<TextRow[]> {
  const file = new Uint8Array(bytes).buffer;
  const rows = await parquetReadObjects({ file, compressors });
  return rows.map(textRow);
}

/** By JSON.parse, a line at a time; whole numbers that JavaScript would change as their digits. */
export const readJsonLines = (bytes: Buffer): TextRow[] =>
  bytes
    .toString()
    .split('\n')
    .filter((line) => line !== '')
    .map((line) =>
      textRow(
        JSON.parse(line, (_key, value: unknown, context?: { source?: string }) =>
          typeof value === 'number' &&
          !Number.isSafeInteger(value) &&
          /^-?\d+$/.test(context?.source ?? '')
            ? context?.source
            : value,
        ) as Record<string, unknown>,
      ),
    );

/** By apache-arrow. */
export function readArrow(bytes: Buffer): TextRow[] {
  const table = tableFromIPC(bytes);
  return Array.from({ length: table.numRows }, (_, place) => {
    const row = table.get(place);
    return Object.fromEntries(
      table.schema.fields.map((field) => [field.name, arrowText(field, row?.[field.name])]),
    );
  });
}

function arrowText({ type }: Field, value: unknown): string | null {
  if (value === null || value === undefined) return null;
  if (DataType.isTimestamp(type)) return textOf(new Date(Number(value)));
  if (DataType.isDate(type)) return new Date(Number(value)).toISOString().slice(0, 10);
  if (DataType.isDecimal(type)) {
    const digits = BigInt(String(value as bigint))
      .toString()
      .replace('-', '')
      .padStart(type.scale + 1, '0');
    const sign = String(value as bigint).startsWith('-') ? '-' : '';
    return textOf(`${sign}${digits.slice(0, -type.scale)}.${digits.slice(-type.scale)}`);
  }
  return textOf(value);
}

/** RFC 4180; what is empty and not in quotes is null. */
export function readCsv(bytes: Buffer): TextRow[] {
  const lines: (string | null)[][] = [[]];
  const cell = /(?:"((?:[^"]|"")*)"|([^",\n]*))(,|\r?\n|$)/gy;
  const text = bytes.toString();
  while (cell.lastIndex < text.length) {
    const [, quoted, plain = '', end] = cell.exec(text) ?? [];
    const value = quoted === undefined ? plain || null : quoted.replaceAll('""', '"');
    lines.at(-1)?.push(value);
    if (end !== ',') lines.push([]);
  }
  const [names = [], ...rows] = lines.filter((line) => line.length > 0);
  return rows.map((row) =>
    Object.fromEntries(names.map((name, place) => [String(name), textOf(row[place] ?? null)])),
  );
}
