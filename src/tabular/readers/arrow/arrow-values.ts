import {
  DataType,
  DateUnit,
  IntervalUnit,
  Precision,
  TimeUnit,
  Vector,
  type Data,
  type Field,
} from 'apache-arrow';
import {
  dateText,
  decimalText,
  timestampText,
  timeText,
  type Digits,
} from '../shared/exact-text.js';

/** The value of a row, as `jsonCell` takes it, with all its digits. */
export type ValueAt = (row: number) => unknown;

const DIGITS: Record<number, Digits> = {
  [TimeUnit.SECOND]: 0,
  [TimeUnit.MILLISECOND]: 3,
  [TimeUnit.MICROSECOND]: 6,
  [TimeUnit.NANOSECOND]: 9,
};
const UNITS: Record<number, string> = {
  [TimeUnit.SECOND]: 'seconds',
  [TimeUnit.MILLISECOND]: 'milliseconds',
  [TimeUnit.MICROSECOND]: 'microseconds',
};

const damaged = (detail: string): never => {
  throw new RangeError(detail);
};

/** Reads a column's values; where the library would round or recur, from its buffers. */
export function valuesOf(data: Data): ValueAt {
  // What is missing there counts as null: a batch could tell of any number of rows.
  const bits = (data.nullBitmap as Uint8Array | null)?.length ?? 0;
  if (data.nullCount > 0 && !DataType.isNull(data.type) && bits * 8 < data.length) {
    damaged('a buffer is too short');
  }
  const read = readerOf(data);
  return (row) => (data.nullCount > 0 && !data.getValid(row) ? null : read(row));
}

function readerOf(data: Data): ValueAt {
  const { type } = data as { type: DataType };
  if (DataType.isNull(type)) return () => null;
  if (DataType.isDictionary(type)) return dictionaryReader(data);
  if (DataType.isList(type) || DataType.isLargeList(type) || DataType.isMap(type)) {
    return DataType.isMap(type) ? mapReader(data) : listReader(data);
  }
  if (DataType.isFixedSizeList(type)) return fixedListReader(data, type.listSize);
  if (DataType.isStruct(type)) return structReader(data);
  return numberReader(data) ?? libraryReader(data);
}

/** Texts, bytes, booleans and unions need no more than what the library gives. */
function libraryReader(data: Data): ValueAt {
  const vector = new Vector([data]);
  return (row) => vector.get(row) as unknown;
}

/** Types whose values lie in one array of numbers. */
function numberReader(data: Data): ValueAt | null {
  const { type } = data as { type: DataType };
  const values = data.values as ArrayLike<number | bigint>;
  const at = (row: number): number | bigint => values[row] ?? damaged('a buffer is too short');
  if (DataType.isInt(type)) return at;
  if (DataType.isFloat(type)) {
    return type.precision === Precision.HALF ? (row) => halfOf(Number(at(row))) : at;
  }
  return DataType.isDecimal(type) ? decimalReader(data, type) : timeReader(data, at);
}

function timeReader(data: Data, at: (row: number) => number | bigint): ValueAt | null {
  const { type } = data as { type: DataType };
  if (DataType.isDate(type)) {
    const perDay = type.unit === DateUnit.DAY ? 1n : 86_400_000n;
    return (row) => dateText(BigInt(at(row)) / perDay);
  }
  if (DataType.isTime(type)) return (row) => timeText(BigInt(at(row)), DIGITS[type.unit] ?? 0);
  if (DataType.isTimestamp(type)) {
    const zone = type.timezone ? '+00' : '';
    return (row) => timestampText(BigInt(at(row)), DIGITS[type.unit] ?? 0) + zone;
  }
  if (DataType.isDuration(type)) {
    const unit = UNITS[type.unit];
    return unit ? (row) => `${at(row)} ${unit}` : at;
  }
  return DataType.isInterval(type) ? intervalReader(data, type.unit) : null;
}

function halfOf(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0x1f) return fraction ? NaN : sign * Infinity;
  return exponent === 0
    ? sign * 2 ** -14 * (fraction / 1024)
    : sign * 2 ** (exponent - 15) * (1 + fraction / 1024);
}

function decimalReader(
  data: Data,
  { bitWidth, scale }: { bitWidth: number; scale: number },
): ValueAt {
  const words = data.values as Uint32Array;
  const count = bitWidth / 32;
  return (row) => {
    let number = 0n;
    for (let word = count - 1; word >= 0; word--) {
      number =
        (number << 32n) | BigInt(words[row * count + word] ?? damaged('a buffer is too short'));
    }
    const unscaled = BigInt.asIntN(bitWidth, number);
    return scale < 0 ? String(unscaled * 10n ** BigInt(-scale)) : decimalText(unscaled, scale);
  };
}

function intervalReader(data: Data, unit: IntervalUnit): ValueAt {
  const values = data.values as Int32Array;
  const at = (index: number): number => values[index] ?? damaged('a buffer is too short');
  if (unit === IntervalUnit.YEAR_MONTH) return (row) => `${at(row)} months`;
  if (unit === IntervalUnit.DAY_TIME) {
    return (row) => `${at(row * 2)} days ${at(row * 2 + 1)} milliseconds`;
  }
  return (row) => {
    const low = BigInt(at(row * 4 + 2)) & 0xffffffffn;
    const nanoseconds = (BigInt(at(row * 4 + 3)) << 32n) | low;
    return `${at(row * 4)} months ${at(row * 4 + 1)} days ${nanoseconds / 1000n} microseconds`;
  };
}

function rangeReader(data: Data): (row: number) => [from: number, to: number] {
  const offsets = data.valueOffsets as ArrayLike<number | bigint>;
  const length = data.children[0]?.length ?? 0;
  return (row) => {
    const from = Number(offsets[row]);
    const to = Number(offsets[row + 1]);
    if (!(from >= 0 && from <= to && to <= length)) damaged('a list lies outside of its buffer');
    return [from, to];
  };
}

function listReader(data: Data): ValueAt {
  const range = rangeReader(data);
  const value = valuesOf(data.children[0] as Data);
  return (row) => {
    const [from, to] = range(row);
    return Array.from({ length: to - from }, (_, n) => value(from + n));
  };
}

function fixedListReader(data: Data, size: number): ValueAt {
  const child = data.children[0] as Data;
  const value = valuesOf(child);
  return (row) => {
    if ((row + 1) * size > child.length) damaged('a list lies outside of its buffer');
    return Array.from({ length: size }, (_, n) => value(row * size + n));
  };
}

function mapReader(data: Data): ValueAt {
  const range = rangeReader(data);
  const [keys, values] = (data.children[0] as Data).children.map((child) =>
    valuesOf(child as Data),
  );
  return (row) => {
    const [from, to] = range(row);
    const map = new Map<unknown, unknown>();
    for (let at = from; at < to; at++) map.set(keys?.(at), values?.(at));
    return map;
  };
}

function structReader(data: Data): ValueAt {
  const names = (data.type.children as Field[]).map(({ name }) => name);
  const values = data.children.map((child) => valuesOf(child as Data));
  return (row) => Object.fromEntries(values.map((value, at) => [names[at], value(row)]));
}

function dictionaryReader(data: Data): ValueAt {
  const indices = data.values as ArrayLike<number | bigint>;
  const chunks = (data.dictionary as Vector).data.map((chunk) => ({
    length: chunk.length,
    value: valuesOf(chunk as Data),
  }));
  return (row) => {
    let at = Number(indices[row] ?? damaged('a buffer is too short'));
    for (const { length, value } of chunks) {
      if (at < length) return value(at);
      at -= length;
    }
    return damaged('an index lies outside of its dictionary');
  };
}
