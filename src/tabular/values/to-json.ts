import {
  createDuckDBValueConverter,
  DuckDBBlobValue,
  type DuckDBDateValue,
  type DuckDBDecimalValue,
  type DuckDBGeometryValue,
  type DuckDBTimestampMillisecondsValue,
  type DuckDBTimestampNanosecondsValue,
  type DuckDBTimestampSecondsValue,
  type DuckDBTimestampTZValue,
  type DuckDBTimestampValue,
  type DuckDBTimeNSValue,
  type DuckDBTimeTZValue,
  type DuckDBTimeValue,
  DuckDBTypeId,
  arrayFromArrayValue,
  arrayFromListValue,
  fromVariantValue,
  objectArrayFromMapValue,
  objectFromUnionValue,
  type DuckDBStructType,
  type DuckDBStructValue,
  type DuckDBType,
  type DuckDBValueConverter,
} from '@duckdb/node-api';
import { EXACT_DIGITS, type Json, parseJson, significantDigits } from './json-text.js';
import { formatDate, formatTime, formatTimestamp } from './temporal.js';

/** Its own `null` is what node-api adds. */
type Converter = DuckDBValueConverter<NonNullable<Json>>;

const LAST_DATE = 2_147_483_647;
const LAST_INSTANT = 2n ** 63n - 1n;

/** 64 bits and more: a number as long as JavaScript has it exactly, else its digits as a text. */
export const exactInteger = (value: number | bigint): number | string =>
  Number.isSafeInteger(Number(value)) ? Number(value) : String(value);

const fromInteger: Converter = (value) => exactInteger(value as number | bigint);

const fromFloat: Converter = (value) =>
  Number.isFinite(value) ? Number(value) + 0 : String(value as number);

const fromDecimal: Converter = (value) => {
  const text = String(value as DuckDBDecimalValue);
  return significantDigits(text) <= EXACT_DIGITS ? Number(text) + 0 : text;
};

const fromText: Converter = (value) => String(value as string);

/** JSON within lists and structs; of whole columns `rowJson` knows. */
const fromVarchar: Converter = (value, { alias }) =>
  alias === 'JSON' ? parseJson(value as string) : (value as string);

const fromBytes: Converter = (value) =>
  base64(value instanceof DuckDBBlobValue ? value.bytes : (value as DuckDBGeometryValue).bytes);

const base64 = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');

const fromDate: Converter = (value) => {
  const { days } = value as DuckDBDateValue;
  if (Math.abs(days) >= LAST_DATE) return days > 0 ? 'infinity' : '-infinity';
  return formatDate(BigInt(days));
};

const instant = (units: bigint, digits: number, zone = ''): string => {
  if (units >= LAST_INSTANT || units <= -LAST_INSTANT) return units > 0n ? 'infinity' : '-infinity';
  return formatTimestamp(units, digits) + zone;
};

const fromTimeTz: Converter = (value) => {
  const { micros, offset } = value as DuckDBTimeTZValue;
  const [hours, minutes, seconds] = [3600, 60, 1].map((unit, index) =>
    String(Math.floor(Math.abs(offset) / unit) % (index === 0 ? 24 : 60)).padStart(2, '0'),
  );
  const rest = seconds === '00' ? '' : `:${seconds}`;
  return `${formatTime(micros, 6)}${offset < 0 ? '-' : '+'}${hours}:${minutes}${rest}`;
};

/** A field may be called `__proto__`: it becomes one of its own, and no prototype. */
const fromStruct: Converter = (value, type, converter) => {
  const { entries } = value as DuckDBStructValue;
  const struct = type as DuckDBStructType;
  return Object.fromEntries(
    struct.entryNames.map((name, index) => {
      const field = Object.hasOwn(entries, name) ? (entries[name] ?? null) : null;
      return [name, converter(field, struct.entryTypes[index] as DuckDBType, converter)];
    }),
  );
};

const unsupported: Converter = (_value, type) => {
  throw new Error(`There are no values of type ${String(type)} in results.`);
};

/**
 * Makes JSON of what a query has given: `reader.convertRows(jsonConverter)`. Nothing is lost but the
 * difference between the two zeros; docs/filters.md shows what each type becomes. Only where DuckDB is.
 */
export const jsonConverter: Converter = createDuckDBValueConverter<NonNullable<Json>>({
  [DuckDBTypeId.INVALID]: unsupported,
  [DuckDBTypeId.ANY]: unsupported,
  [DuckDBTypeId.STRING_LITERAL]: unsupported,
  [DuckDBTypeId.INTEGER_LITERAL]: unsupported,
  [DuckDBTypeId.SQLNULL]: () => null,
  [DuckDBTypeId.BOOLEAN]: (value) => Boolean(value),
  [DuckDBTypeId.TINYINT]: fromInteger,
  [DuckDBTypeId.SMALLINT]: fromInteger,
  [DuckDBTypeId.INTEGER]: fromInteger,
  [DuckDBTypeId.BIGINT]: fromInteger,
  [DuckDBTypeId.HUGEINT]: fromInteger,
  [DuckDBTypeId.UTINYINT]: fromInteger,
  [DuckDBTypeId.USMALLINT]: fromInteger,
  [DuckDBTypeId.UINTEGER]: fromInteger,
  [DuckDBTypeId.UBIGINT]: fromInteger,
  [DuckDBTypeId.UHUGEINT]: fromInteger,
  [DuckDBTypeId.BIGNUM]: fromInteger,
  [DuckDBTypeId.FLOAT]: fromFloat,
  [DuckDBTypeId.DOUBLE]: fromFloat,
  [DuckDBTypeId.DECIMAL]: fromDecimal,
  [DuckDBTypeId.VARCHAR]: fromVarchar,
  [DuckDBTypeId.ENUM]: fromText,
  [DuckDBTypeId.UUID]: fromText,
  [DuckDBTypeId.BIT]: fromText,
  [DuckDBTypeId.INTERVAL]: fromText,
  [DuckDBTypeId.BLOB]: fromBytes,
  [DuckDBTypeId.GEOMETRY]: fromBytes,
  [DuckDBTypeId.DATE]: fromDate,
  [DuckDBTypeId.TIMESTAMP_S]: (value) => instant((value as DuckDBTimestampSecondsValue).seconds, 0),
  [DuckDBTypeId.TIMESTAMP_MS]: (value) =>
    instant((value as DuckDBTimestampMillisecondsValue).millis, 3),
  [DuckDBTypeId.TIMESTAMP]: (value) => instant((value as DuckDBTimestampValue).micros, 6),
  [DuckDBTypeId.TIMESTAMP_NS]: (value) =>
    instant((value as DuckDBTimestampNanosecondsValue).nanos, 9),
  [DuckDBTypeId.TIMESTAMP_TZ]: (value) => instant((value as DuckDBTimestampTZValue).micros, 6, 'Z'),
  [DuckDBTypeId.TIME]: (value) => formatTime((value as DuckDBTimeValue).micros, 6),
  [DuckDBTypeId.TIME_NS]: (value) => formatTime((value as DuckDBTimeNSValue).nanos, 9),
  [DuckDBTypeId.TIME_TZ]: fromTimeTz,
  [DuckDBTypeId.LIST]: arrayFromListValue as Converter,
  [DuckDBTypeId.ARRAY]: arrayFromArrayValue as Converter,
  [DuckDBTypeId.STRUCT]: fromStruct,
  [DuckDBTypeId.MAP]: objectArrayFromMapValue as Converter,
  [DuckDBTypeId.UNION]: objectFromUnionValue as Converter,
  [DuckDBTypeId.VARIANT]: fromVariantValue as Converter,
} as Record<DuckDBTypeId, Converter>);
