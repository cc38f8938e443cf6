import {
  DuckDBTypeId,
  type DuckDBArrayType,
  type DuckDBArrayValue,
  type DuckDBBlobValue,
  type DuckDBDateValue,
  type DuckDBDecimalType,
  type DuckDBDecimalValue,
  type DuckDBListType,
  type DuckDBListValue,
  type DuckDBStructType,
  type DuckDBStructValue,
  type DuckDBTimestampMillisecondsValue,
  type DuckDBTimestampNanosecondsValue,
  type DuckDBTimestampSecondsValue,
  type DuckDBTimestampTZValue,
  type DuckDBTimestampValue,
  type DuckDBTimeNSValue,
  type DuckDBTimeValue,
  type DuckDBType,
  type DuckDBValue,
} from '@duckdb/node-api';
import * as arrow from 'apache-arrow';

/** How values of a type of DuckDB lie in Arrow. Written from their own parts, so that nothing is rounded. */
export interface ArrowColumn {
  type: arrow.DataType;
  dataOf: (values: readonly DuckDBValue[]) => arrow.Data;
}

type Numbers = Int8Array | Int32Array | BigInt64Array | Float32Array | Float64Array;
/** What of a value is written, where it is not the value itself. */
type PartOf = (value: DuckDBValue) => number | bigint;

const itself: PartOf = (value) => value as number | bigint;
const { TimeUnit } = arrow;

/** Types whose values are numbers of a fixed width. */
const NUMBERS: Partial<Record<DuckDBTypeId, [type: arrow.DataType, part: PartOf]>> = {
  [DuckDBTypeId.TINYINT]: [new arrow.Int8(), itself],
  [DuckDBTypeId.SMALLINT]: [new arrow.Int16(), itself],
  [DuckDBTypeId.INTEGER]: [new arrow.Int32(), itself],
  [DuckDBTypeId.BIGINT]: [new arrow.Int64(), itself],
  [DuckDBTypeId.UTINYINT]: [new arrow.Uint8(), itself],
  [DuckDBTypeId.USMALLINT]: [new arrow.Uint16(), itself],
  [DuckDBTypeId.UINTEGER]: [new arrow.Uint32(), itself],
  [DuckDBTypeId.UBIGINT]: [new arrow.Uint64(), itself],
  [DuckDBTypeId.FLOAT]: [new arrow.Float32(), itself],
  [DuckDBTypeId.DOUBLE]: [new arrow.Float64(), itself],
  [DuckDBTypeId.DATE]: [new arrow.DateDay(), (value) => (value as DuckDBDateValue).days],
  [DuckDBTypeId.TIME]: [new arrow.TimeMicrosecond(), (value) => (value as DuckDBTimeValue).micros],
  [DuckDBTypeId.TIME_NS]: [
    new arrow.TimeNanosecond(),
    (value) => (value as DuckDBTimeNSValue).nanos,
  ],
  [DuckDBTypeId.TIMESTAMP_S]: [
    new arrow.Timestamp(TimeUnit.SECOND),
    (value) => (value as DuckDBTimestampSecondsValue).seconds,
  ],
  [DuckDBTypeId.TIMESTAMP_MS]: [
    new arrow.Timestamp(TimeUnit.MILLISECOND),
    (value) => (value as DuckDBTimestampMillisecondsValue).millis,
  ],
  [DuckDBTypeId.TIMESTAMP]: [
    new arrow.Timestamp(TimeUnit.MICROSECOND),
    (value) => (value as DuckDBTimestampValue).micros,
  ],
  [DuckDBTypeId.TIMESTAMP_NS]: [
    new arrow.Timestamp(TimeUnit.NANOSECOND),
    (value) => (value as DuckDBTimestampNanosecondsValue).nanos,
  ],
  [DuckDBTypeId.TIMESTAMP_TZ]: [
    new arrow.Timestamp(TimeUnit.MICROSECOND, 'UTC'),
    (value) => (value as DuckDBTimestampTZValue).micros,
  ],
};

/** What Arrow has no type for becomes its text. */
export function arrowColumn(type: DuckDBType): ArrowColumn {
  const number = NUMBERS[type.typeId];
  if (number) return numberColumn(...number);
  switch (type.typeId) {
    case DuckDBTypeId.BOOLEAN:
      return booleanColumn();
    case DuckDBTypeId.DECIMAL:
      return decimalColumn(type as DuckDBDecimalType);
    case DuckDBTypeId.BLOB:
      return bytesColumn(new arrow.Binary(), (value) => (value as DuckDBBlobValue).bytes);
    case DuckDBTypeId.LIST:
      return listColumn((type as DuckDBListType).valueType);
    case DuckDBTypeId.ARRAY:
      return listColumn((type as DuckDBArrayType).valueType);
    case DuckDBTypeId.STRUCT:
      return structColumn(type as DuckDBStructType);
    default: {
      const utf8 = new TextEncoder();
      return bytesColumn(new arrow.Utf8(), (value) => utf8.encode(String(value)));
    }
  }
}

interface Validity {
  length: number;
  nullCount: number;
  nullBitmap: Uint8Array;
}

function validityOf(values: readonly DuckDBValue[]): Validity {
  const nullBitmap = bitsOf(values, (value) => value !== null);
  const nullCount = values.reduce<number>((sum, value) => sum + (value === null ? 1 : 0), 0);
  return { length: values.length, nullCount, nullBitmap };
}

function bitsOf(values: readonly DuckDBValue[], isSet: (value: DuckDBValue) => boolean) {
  const bits = new Uint8Array(Math.ceil(values.length / 8));
  for (const [row, value] of values.entries()) {
    if (isSet(value)) bits[row >> 3] = (bits[row >> 3] as number) | (1 << (row & 7));
  }
  return bits;
}

function numberColumn(type: arrow.DataType, part: PartOf): ArrowColumn {
  const { ArrayType } = type as unknown as { ArrayType: new (length: number) => Numbers };
  return {
    type,
    dataOf: (values) => {
      const data = new ArrayType(values.length);
      for (const [row, value] of values.entries()) {
        if (value !== null) data[row] = part(value);
      }
      return arrow.makeData({ type: type as arrow.Int, ...validityOf(values), data });
    },
  };
}

function booleanColumn(): ArrowColumn {
  const type = new arrow.Bool();
  return {
    type,
    dataOf: (values) =>
      arrow.makeData({ type, ...validityOf(values), data: bitsOf(values, Boolean) }),
  };
}

/** 128 bits each, the lowest word first. */
function decimalColumn({ width, scale }: DuckDBDecimalType): ArrowColumn {
  const type = new arrow.Decimal(scale, width, 128);
  return {
    type,
    dataOf: (values) => {
      const data = new Uint32Array(values.length * 4);
      for (const [row, decimal] of values.entries()) {
        if (decimal === null) continue;
        const { value } = decimal as DuckDBDecimalValue;
        for (let word = 0; word < 4; word++) {
          data[row * 4 + word] = Number(BigInt.asUintN(32, value >> BigInt(32 * word)));
        }
      }
      return arrow.makeData({ type, ...validityOf(values), data });
    },
  };
}

function bytesColumn(
  type: arrow.Binary | arrow.Utf8,
  bytesOf: (value: DuckDBValue) => Uint8Array,
): ArrowColumn {
  return {
    type,
    dataOf: (values) => {
      const parts = values.map((value) => (value === null ? EMPTY : bytesOf(value)));
      const valueOffsets = offsetsOf(parts);
      const data = Buffer.concat(parts);
      return arrow.makeData({
        type: type as arrow.Utf8,
        ...validityOf(values),
        valueOffsets,
        data,
      });
    },
  };
}

const EMPTY = new Uint8Array(0);

/** Where each begins, and the last ends. */
function offsetsOf(parts: readonly { length: number }[]): Int32Array {
  const offsets = new Int32Array(parts.length + 1);
  for (const [row, { length }] of parts.entries()) {
    offsets[row + 1] = (offsets[row] as number) + length;
  }
  return offsets;
}

function listColumn(valueType: DuckDBType): ArrowColumn {
  const items = arrowColumn(valueType);
  const type = new arrow.List(new arrow.Field('item', items.type, true));
  return {
    type,
    dataOf: (values) => {
      const parts = values.map((value) =>
        value === null ? [] : (value as DuckDBListValue | DuckDBArrayValue).items,
      );
      const child = items.dataOf(parts.flat());
      const valueOffsets = offsetsOf(parts);
      return arrow.makeData({ type, ...validityOf(values), valueOffsets, child });
    },
  };
}

function structColumn({ entryNames, entryTypes }: DuckDBStructType): ArrowColumn {
  const fields = entryTypes.map(arrowColumn);
  const type = new arrow.Struct(
    fields.map((field, place) => new arrow.Field(entryNames[place] ?? '', field.type, true)),
  );
  return {
    type,
    dataOf: (values) => {
      const children = fields.map(({ dataOf }, place) =>
        dataOf(values.map((value) => fieldOf(value, entryNames[place] ?? ''))),
      );
      return arrow.makeData({ type, ...validityOf(values), children });
    },
  };
}

/** A field may be called `__proto__`. */
function fieldOf(value: DuckDBValue, name: string): DuckDBValue {
  if (value === null) return null;
  const { entries } = value as DuckDBStructValue;
  return Object.hasOwn(entries, name) ? (entries[name] ?? null) : null;
}
