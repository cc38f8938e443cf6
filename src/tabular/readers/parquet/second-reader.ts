import { open } from 'node:fs/promises';
import type { ColumnMetaData, FileMetaData, SchemaElement } from 'hyparquet';
import type { Column, LocalContent } from '../../../core/contracts/dataset-reader.contract.js';
import { UnreadableTableError } from '../../tabular.errors.js';
import {
  dateText,
  decimalText,
  timeText,
  timestampText,
  type Digits,
} from '../shared/exact-text.js';
import { LinesFile } from '../shared/numbered-lines.js';
import { chunksOf } from './parquet-footer.js';

/** Unpacked bytes of a row group: it is held as JavaScript values, which take several times as much. */
const MAX_GROUP = 256n * 1024n * 1024n;

/** What is valid and DuckDB 1.5 refuses: splitting bytes of anything but floats, ALP, and Hadoop's LZ4. */
export function beyondDuckDb({ codec, encodings, type }: ColumnMetaData): boolean {
  if (codec === 'LZ4') return true;
  const isFloat = type === 'FLOAT' || type === 'DOUBLE';
  return encodings.includes('ALP') || (encodings.includes('BYTE_STREAM_SPLIT') && !isFloat);
}

export const needsSecondReader = (metadata: FileMetaData): boolean =>
  chunksOf(metadata).some(beyondDuckDb);

/** Big-endian, two's complement. */
function integerOf(value: unknown): bigint {
  if (!(value instanceof Uint8Array)) return BigInt(value as number | bigint);
  let number = 0n;
  for (const byte of value) number = (number << 8n) | BigInt(byte);
  return BigInt.asIntN(value.length * 8, number);
}

const PARSERS = {
  timestampFromMilliseconds: (count: bigint) => timestampText(BigInt(count), 3),
  timestampFromMicroseconds: (count: bigint) => timestampText(BigInt(count), 6),
  timestampFromNanoseconds: (count: bigint) => timestampText(BigInt(count), 9),
  dateFromDays: (days: number) => dateText(BigInt(days)),
};

const DIGITS = { MILLIS: 3, MICROS: 6, NANOS: 9 } as const;
const decoder = new TextDecoder();

function timeDigits({ converted_type, logical_type }: SchemaElement): Digits | null {
  if (logical_type?.type === 'TIME') return DIGITS[logical_type.unit];
  if (converted_type === 'TIME_MILLIS') return 3;
  return converted_type === 'TIME_MICROS' ? 6 : null;
}

/** What hyparquet leaves as it is stored, or would round. */
function conversionOf(element: SchemaElement): ((value: unknown) => unknown) | null {
  const { converted_type, logical_type, scale = 0 } = element;
  if (converted_type === 'DECIMAL' || logical_type?.type === 'DECIMAL') {
    const places = logical_type?.type === 'DECIMAL' ? logical_type.scale : scale;
    return (value) => decimalText(integerOf(value), places);
  }
  const digits = timeDigits(element);
  if (digits !== null) return (value) => timeText(integerOf(value), digits);
  if (converted_type === 'ENUM' || logical_type?.type === 'ENUM') {
    return (value) => (value instanceof Uint8Array ? decoder.decode(value) : value);
  }
  return null;
}

/** The schema without what hyparquet would make a rounded number of; and what is done instead, by column. */
function planOf(metadata: FileMetaData): {
  metadata: FileMetaData;
  conversions: (((value: unknown) => unknown) | null)[];
} {
  const conversions: (((value: unknown) => unknown) | null)[] = [];
  let inner = 0;
  const schema = metadata.schema.map((element, at) => {
    if (at === 0) return element;
    const isTop = inner === 0;
    inner = Math.max(0, inner - 1) + (element.num_children ?? 0);
    const conversion = element.num_children ? null : conversionOf(element);
    if (isTop) conversions.push(conversion);
    if (!conversion) return element;
    if (!isTop) {
      throw new UnreadableTableError(
        `${element.name} is a decimal or a time inside another value, in an encoding that can't be read.`,
      );
    }
    return { ...element, converted_type: undefined, logical_type: undefined };
  });
  return { metadata: { ...metadata, schema }, conversions };
}

/**
 * Writes a file that DuckDB can't read as lines, row group by row group.
 * @returns bytes of the longest line
 */
export async function writeByHyparquet(
  content: LocalContent,
  footer: FileMetaData,
  columns: readonly Column[],
  path: string,
): Promise<number> {
  const large = footer.row_groups.findIndex((group) => group.total_byte_size > MAX_GROUP);
  if (large >= 0) {
    throw new UnreadableTableError(
      `Row group ${large} unpacks to over 256 MiB, in an encoding that can only be read as a whole.`,
    );
  }
  const { parquetRead } = await import('hyparquet');
  const { compressors } = await import('hyparquet-compressors');
  const { metadata, conversions } = planOf(footer);
  const source = await open(content.path, 'r');
  const lines = await LinesFile.create(path);
  try {
    const file = {
      byteLength: content.size,
      slice: async (start: number, end = content.size): Promise<ArrayBuffer> => {
        const buffer = new ArrayBuffer(end - start);
        await source.read(new Uint8Array(buffer), 0, end - start, start);
        return buffer;
      },
    };
    let rowStart = 0;
    for (const group of metadata.row_groups) {
      const rowEnd = rowStart + Number(group.num_rows);
      const options = {
        file,
        metadata,
        compressors,
        rowStart,
        rowEnd,
        utf8: false,
        geoparquet: false,
      };
      let rows: unknown[][] = [];
      await parquetRead({ ...options, parsers: PARSERS, onComplete: (read) => (rows = read) });
      for (const row of rows) {
        lines.add(columns.map((_, at) => converted(row[at], conversions[at])));
        if (lines.full) await lines.flush();
      }
      rowStart = rowEnd;
    }
  } catch (cause) {
    if (cause instanceof UnreadableTableError) throw cause;
    throw new UnreadableTableError(`A page is damaged: ${(cause as Error).message}.`, {}, cause);
  } finally {
    await lines.close();
    await source.close();
  }
  return lines.longestRow;
}

const converted = (value: unknown, conversion?: ((value: unknown) => unknown) | null): unknown =>
  value === null || value === undefined || !conversion ? value : conversion(value);
